"""API tokens as text: how they are made, recognised and compared. The secret itself is never stored.

Form: ``sbt_<key id>.<secret>``; the key id is 12 characters of lower-case base32, the secret 40 characters of base62
and a checksum of 6 over all before it, so that scanners (and we) know a mistyped token without asking anybody.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from customers.identity.errors import TOKEN_INVALID
from customers.identity.models import ApiToken, Privilege

PREFIX = "sbt_"
KEY_ID_LENGTH = 12
RANDOM_LENGTH = 40
CHECKSUM_LENGTH = 6

_BASE32 = string.ascii_lowercase + "234567"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(
    rf"sbt_([a-z2-7]{{{KEY_ID_LENGTH}}})\.([0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}})", re.ASCII
)
_PRESENTED = re.compile(rf"{PREFIX}[a-z2-7]{{{KEY_ID_LENGTH}}}\.[0-9A-Za-z]+", re.ASCII)
_NO_DIGEST = bytes(32)
_NO_PEPPER = b"compared with nothing, at the same cost"


@dataclass(frozen=True, slots=True)
class TokenText:
    """The parts of a token; the secret keeps out of ``repr``."""

    key_id: str
    secret: str = field(repr=False)

    def reveal(self) -> str:
        """Return the whole token, to be shown once to whom it was made for."""
        return f"{PREFIX}{self.key_id}.{self.secret}"


def new_text(key_id: str = "") -> TokenText:
    """Return a token with a secret of the system's generator, and a key id of it unless one is given."""
    key_id = key_id or _random(_BASE32, KEY_ID_LENGTH)
    random = _random(_BASE62, RANDOM_LENGTH)
    return TokenText(key_id, random + _checksum(f"{PREFIX}{key_id}.{random}"))


def parse_text(text: str) -> TokenText | None:
    """Return the parts of a token, or None for a text that is none."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return TokenText(found[1], found[2])


def current_pepper_number() -> int:
    """Return the number of the pepper that new secrets are hashed with: the highest."""
    return max(settings.SWITCHBOARD_TOKEN_PEPPERS)


def hash_secret(secret: str, pepper_number: int) -> bytes:
    """Return the 32 bytes that are stored of a secret."""
    return _digest(secret, settings.SWITCHBOARD_TOKEN_PEPPERS[pepper_number])


def find_token(text: str, now: datetime) -> ApiToken | None:
    """Return the token that a caller presents, or None when it is not good now, for whatever reason."""
    token, fault = present(text, now)
    return None if fault else token


def present(text: str, now: datetime) -> tuple[ApiToken | None, str]:
    """Return the token that a caller presents, and the code of what is wrong with it ("": nothing).

    One statement; the user and ``privilege_codes`` (list of str) are read along, and ``secret_until`` says when the
    secret that was presented ends: with its overlap where another took its place. What is wrong with a token is told
    to who has its secret. To anybody else there is no token and the code is ``token_invalid``; a key id that is unknown
    costs the same comparisons as one that is known.
    """
    parts = parse_text(text)
    if parts is None:
        return None, TOKEN_INVALID
    held = Privilege.objects.filter(token_holders__token=OuterRef("pk")).order_by("code", "pk")
    token = (
        ApiToken.objects.filter(key_id=parts.key_id)
        .select_related("user")
        .annotate(privilege_codes=ArraySubquery(held.values("code")))
        .first()
    )
    until = _end_of_secret(token, parts.secret, now)
    if token is None or until is None:
        return None, TOKEN_INVALID
    token.secret_until = until
    return token, token.fault_at(now) or ("" if token.user.is_active else TOKEN_INVALID)


def find_tokens_in(texts: Iterable[str]) -> list[str]:
    """Return what has the form of a token, or the beginning of one, in texts where none belongs."""
    found: list[str] = []
    for text in texts:
        found += _PRESENTED.findall(text) or ([text] if text.startswith(PREFIX) else [])
    return found


def _end_of_secret(token: ApiToken | None, secret: str, now: datetime) -> datetime | None:
    """Return when a secret of the token ends, None for a wrong one. Both are compared, always: time tells nothing."""
    if token is None:
        _matches(secret, None, None)
        _matches(secret, None, None)
        return None
    is_current = _matches(secret, token.secret_hash, token.pepper_number)
    is_previous = _matches(secret, token.previous_secret_hash, token.previous_pepper_number)
    if is_current:
        return token.expires_at
    until = token.previous_until
    return min(until, token.expires_at) if is_previous and until is not None and now < until else None


def _matches(secret: str, stored: bytes | memoryview | None, pepper_number: int | None) -> bool:
    pepper = None if pepper_number is None else settings.SWITCHBOARD_TOKEN_PEPPERS.get(pepper_number)
    is_known = stored is not None and pepper is not None
    is_equal = hmac.compare_digest(_digest(secret, pepper or _NO_PEPPER), bytes(stored or _NO_DIGEST))
    return is_known and is_equal


def _digest(secret: str, pepper: bytes) -> bytes:
    return hmac.new(pepper, secret.encode(), hashlib.sha256).digest()


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _checksum(text: str) -> str:
    """Return CRC-32 as 6 characters of base62."""
    rest = zlib.crc32(text.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits
