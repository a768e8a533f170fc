"""API tokens: how they are written, checked and hashed.

``sbt_<key id>.<secret>``: the prefix is for secret scanners, the key id (12 characters of base32) is public and shown
in lists, the secret is 43 characters of base62 from the system's generator whose last 6 are a checksum. Stored are the
key id and HMAC-SHA256(pepper, secret) with the pepper's number.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field

from django.conf import settings

PREFIX = "sbt_"
KEY_ID_LENGTH = 12
SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(rf"sbt_([a-z2-7]{{{KEY_ID_LENGTH}}})\.([0-9A-Za-z]{{{SECRET_LENGTH}}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenText:
    """A token in clear, as it is shown once and sent with each request; its repr never shows the secret."""

    key_id: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{PREFIX}{self.key_id}.{self.secret}"


def new_token_text() -> TokenText:
    """Return a new token from the system's generator (about 220 bits of secret)."""
    key_id = "".join(secrets.choice(_BASE32) for _ in range(KEY_ID_LENGTH))
    return TokenText(key_id, new_secret())


def new_secret() -> str:
    """Return a new secret with its checksum."""
    body = "".join(secrets.choice(_BASE62) for _ in range(SECRET_LENGTH - CHECKSUM_LENGTH))
    return body + checksum(body)


def checksum(body: str) -> str:
    """Return the CRC-32 of a text in six characters of base62: what is mistyped is refused without a look-up."""
    number, characters = zlib.crc32(body.encode()), []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        characters.append(_BASE62[digit])
    return "".join(reversed(characters))


def read_token_text(text: str) -> TokenText | None:
    """Return the parts of a token, or None for what is no token."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    key_id, secret = match.groups()
    if checksum(secret[:-CHECKSUM_LENGTH]) != secret[-CHECKSUM_LENGTH:]:
        return None
    return TokenText(key_id, secret)


def current_pepper() -> int:
    """Return the number of the pepper that new secrets are hashed with."""
    return max(settings.SWITCHBOARD_TOKEN_PEPPERS)


def secret_hash(secret: str, pepper_number: int) -> bytes:
    """Return the 32 bytes a secret is recognised by."""
    return hmac.new(settings.SWITCHBOARD_TOKEN_PEPPERS[pepper_number], secret.encode(), hashlib.sha256).digest()


def is_secret(secret: str, stored: bytes, pepper_number: int) -> bool:
    """Compare in constant time; a pepper that is no longer configured recognises nothing."""
    if pepper_number not in settings.SWITCHBOARD_TOKEN_PEPPERS:
        return False
    return hmac.compare_digest(secret_hash(secret, pepper_number), bytes(stored))
