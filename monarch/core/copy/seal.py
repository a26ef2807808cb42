"""The seal: signs markers, and recognises those that this installation has signed.

A signature is an HMAC (SHA-256, the first 16 bytes in hex) over the installation, the ticket's id and the target's id. So
it proves that this installation has written that marker for that ticket and that target, no matter who opened the issue
that it stands in, and what Valkey has forgotten. It does not prove that the issue is the copy: anyone who can read a copy
can paste its marker into another issue of the same target. That is why `core.target.evidence` believes the ledger and our
own accounts first.
"""

import hmac
from dataclasses import dataclass, field

from monarch.core.copy.marker import Marker
from monarch.core.ids import TargetId, TicketId

_BYTES = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """What an installation signs with.

    Attributes:
        installation: its name; two installations that share a key do not believe each other's signatures.
        keys: the first one signs, all of them verify: so a key can be changed, and copies that the former key has signed
            stay proven for as long as it is listed. Never empty.
    """

    installation: str
    keys: tuple[bytes, ...] = field(repr=False)

    def sign(self, ticket: TicketId, target: TargetId) -> str:
        """The signature of a marker: 32 hex digits."""
        return self._made(self.keys[0], ticket, target)

    def proves(self, marker: Marker, target: TargetId) -> bool:
        """Whether this installation has written the marker, with any of its keys, for that very target."""
        if marker.target != target or not marker.signature:
            return False
        given = marker.signature.encode()
        made = (self._made(key, marker.ticket, target).encode() for key in self.keys)
        return any(hmac.compare_digest(given, each) for each in made)

    def _made(self, key: bytes, ticket: TicketId, target: TargetId) -> str:
        said = f"monarch marker 1\n{self.installation}\n{ticket}\n{target}"
        return hmac.digest(key, said.encode(), "sha256")[:_BYTES].hex()
