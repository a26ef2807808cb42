"""Private keys, made when they are needed: none is kept in a file of the project."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@cache
def _rsa_key(which: int) -> rsa.RSAPrivateKey:
    del which  # only tells keys apart
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def an_rsa_key(which: int = 0) -> str:
    """A key in the form in which GitHub gives out those of Apps; the same for the same number."""
    form = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return _rsa_key(which).private_bytes(*form).decode()


def public_part(which: int = 0) -> str:
    """What verifies what that key has signed."""
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _rsa_key(which).public_key().public_bytes(*form).decode()


def a_locked_key() -> str:
    """One that asks for a passphrase."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase"))
    return _rsa_key(0).private_bytes(*form).decode()


def an_elliptic_key() -> str:
    """One of another kind."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()
