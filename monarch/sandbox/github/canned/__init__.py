"""What GitHub says when it says no, word for word and byte for byte, with who says so.

Faults answer with an entry (``{"kind": "canned", "name": "secondary_content"}``), and tests feed
the bytes of each one to the code that has to understand them. If an answer is not documented
anywhere, its ``source`` says that it is a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monarch.sandbox.github.canned.limits import LIMITS
from monarch.sandbox.github.canned.mishaps import MISHAPS
from monarch.sandbox.github.canned.refusals import CREDENTIALS, REPOSITORIES, REQUESTS
from monarch.sandbox.github.canned.shape import Canned

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CATALOGUE", "Canned"]

CATALOGUE: Final[Mapping[str, Canned]] = {
    **LIMITS,
    **CREDENTIALS,
    **REPOSITORIES,
    **REQUESTS,
    **MISHAPS,
}
"""Name → answer."""
