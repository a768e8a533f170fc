"""Key provider: encrypts confidential values and makes the blind indexes they are looked up by.

``settings.SWITCHBOARD_KEYS`` is ``{number: 32 bytes}``; the highest number encrypts, all of them decrypt, so a key is
rotated by adding one. ``settings.SWITCHBOARD_INDEX_KEY`` names the number blind indexes are made with: it changes only
together with a re-indexing. Every schema has keys of its own, derived from the master (HKDF, RFC 5869), so a value
copied from one tenant to another neither decrypts nor matches.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


class DecryptionError(RuntimeError):
    """A stored value does not decrypt: unknown key number, another schema's value, or a damaged one."""


def encrypt(schema: str, clear: str) -> str:
    """Encrypt for this schema; returns ``enc1.<key number>.<base64url of nonce and AES-256-GCM ciphertext>``."""
    number = max(settings.SWITCHBOARD_KEYS)
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_derived(number, "encrypt", schema)).encrypt(nonce, clear.encode(), schema.encode())
    return f"enc1.{number}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(schema: str, stored: str) -> str:
    """Return the clear value of what ``encrypt`` returned for the same schema.

    Raises:
        DecryptionError: see there; the message never holds the value.
    """
    try:
        form, number, body = stored.split(".", 2)
        raw = base64.urlsafe_b64decode(body)
        if form != "enc1" or int(number) not in settings.SWITCHBOARD_KEYS:
            raise ValueError  # noqa: TRY301 -- every fault of a stored value gets the one answer below
        clear = AESGCM(_derived(int(number), "encrypt", schema)).decrypt(
            raw[:NONCE_BYTES], raw[NONCE_BYTES:], schema.encode()
        )
    except (ValueError, InvalidTag):
        raise DecryptionError(
            f"a value stored in {schema} does not decrypt with the keys configured"
        ) from None
    return clear.decode()


def is_encrypted(stored: str) -> bool:
    """Tell whether a stored text has the form that ``encrypt`` returns."""
    return stored.startswith("enc1.")


def blind_index(schema: str, *parts: str) -> str:
    """Return 64 hex digits by which equal values of one schema are found without being read."""
    key = _derived(settings.SWITCHBOARD_INDEX_KEY, "index", schema)
    return hmac.new(key, "\x00".join(parts).encode(), hashlib.sha256).hexdigest()


def _derived(number: int, purpose: str, schema: str) -> bytes:
    return _derive(settings.SWITCHBOARD_KEYS[number], purpose, schema)


@lru_cache(maxsize=4096)
def _derive(master: bytes, purpose: str, schema: str) -> bytes:
    info = f"switchboard/{purpose}/{schema}".encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(master)
