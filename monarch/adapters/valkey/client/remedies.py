"""What to do about a Valkey that does not do what it is asked, by the text of the error: pure.

Two kinds are told apart. Valkey *refuses* (or the way to it does) as long as a person changes nothing. Or it is *away*: it
may come back by itself, and the workers wait for that.
"""

from typing import Final

from monarch.core.advice import find_out

_NONE_WANTED: Final = "Remove VALKEY_PASSWORD, or the password in VALKEY_URL: this Valkey has none. Or set one in Valkey (`requirepass`)."

_REFUSES: Final = {
    "WRONGTYPE": f"Something else than Monarch's work stands in one of its keys. {find_out('what it is')}.",
    "without any password": _NONE_WANTED,
    "no password is set": _NONE_WANTED,
    "AuthenticationError": "Correct VALKEY_USERNAME and VALKEY_PASSWORD, or those in VALKEY_URL.",
    "NoPermissionError": "Give Monarch's user the rights that docs/valkey.md lists.",
    "Hostname mismatch": "Name Valkey as its certificate does, or add ?ssl_check_hostname=no.",
    "IP address mismatch": "Name Valkey as its certificate does, or add ?ssl_check_hostname=no.",
    "not yet valid": "Set this machine's clock right.",
    "has expired": "Set this machine's clock right, or have the certificate renewed.",
    "CERTIFICATE_REQUIRED": "Add ?ssl_certfile=FILE&ssl_keyfile=FILE to VALKEY_URL: Valkey wants a certificate of ours.",
    "CERTIFICATE_VERIFY_FAILED": (
        "Add ?ssl_ca_certs=FILE with the authority's certificate to VALKEY_URL, or set SSL_CERT_FILE."
    ),
    "DB index": "Correct VALKEY_DB, or the number at the end of VALKEY_URL.",
    "BUSY ": (
        "A script does not end, and Valkey does nothing else: `valkey-cli SCRIPT KILL` ends it (one that has"
        " written ends only with Valkey). `CLIENT LIST` shows whose it is."
    ),
    "MASTER is down": (
        "This Valkey is a replica that has lost its primary: name the primary in VALKEY_URL, or make this one primary"
        " (`REPLICAOF NO ONE`)."
    ),
    "appendonly is disabled": "Set `appendonly yes` in Valkey: without it a restart forgets requests, and none can be confirmed.",
    "max number of clients": "Raise `maxclients`, or see with `CLIENT LIST` who holds the connections.",
}

_MUTE: Final = (
    "Correct the address: what is there does not speak as Valkey. With TLS it is valkeys://, without it valkey://."
    " Or mend the network: a firewall may swallow the connection."
)

_SILENT: Final = (
    "If something listens there, Valkey itself may hang: see its process and its log, and start it again. Or "
    f"{_MUTE[0].lower()}{_MUTE[1:]}"
)

_AWAY: Final = {
    "Sentinels": "Start the Sentinels, or correct VALKEY_SENTINELS and VALKEY_SENTINEL_MASTER.",
    "loading the dataset": "Wait: Valkey reads its files, and answers when it is done.",
    "WRONG_VERSION_NUMBER": _MUTE,
    "Timeout": _SILENT,
    "closed by server": _MUTE,
    "": "Start Valkey, or correct VALKEY_URL (or VALKEY_HOST and VALKEY_PORT).",
}


def remedy_of(error: str) -> str:
    """What a person has to do before Valkey does it, a sentence; `""` if it is away. The first sign that fits counts."""
    return next((remedy for sign, remedy in _REFUSES.items() if sign in error), "")


def advice_on(error: str) -> str:
    """What to do about a Valkey that could not be asked, refusing or away."""
    return remedy_of(error) or next(advice for sign, advice in _AWAY.items() if sign in error)
