"""Builders: a GitHub App with a real key, and what it signs about itself."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from monarch.sandbox.control.seed import Seed
from tests.sandbox.world import START

APP_ID, CLIENT_ID, INSTALLATION = 1001, "Iv23liMonarch", 5001


@cache
def private_key(name: str = "monarch") -> rsa.RSAPrivateKey:
    """A key of that name; making one takes a moment, so each is made once."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str = "monarch") -> str:
    """The key as GitHub hands it out."""
    return (
        private_key(name)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


def public_pem(name: str = "monarch") -> str:
    """What GitHub keeps of the key."""
    return (
        private_key(name)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def an_app(**installation: Any) -> Seed:
    """An app installed on ``org``, and one of another account's."""
    ours = {"id": INSTALLATION, "account": "org", **installation}
    other = {"id": 5002, "account": "org"}
    return Seed.model_validate(
        {
            "apps": [
                {
                    "id": APP_ID,
                    "client_id": CLIENT_ID,
                    "public_key": public_pem(),
                    "installations": [ours],
                },
                {
                    "id": 1002,
                    "client_id": "Iv23liOther",
                    "slug": "other",
                    "public_key": public_pem("other"),
                    "installations": [other],
                },
            ]
        }
    )


def signed(key: str = "monarch", *, now: float = START, **claims: Any) -> str:
    """What the app says about itself, signed; ``None`` leaves a claim away."""
    usual = {"iss": APP_ID, "iat": int(now) - 60, "exp": int(now) + 540, **claims}
    told = {name: value for name, value in usual.items() if value is not None}
    # PyJWT's own way would refuse an issuer that is a number, which is what GitHub wants.
    return jwt.PyJWS().encode(json.dumps(told).encode(), private_pem(key), algorithm="RS256")
