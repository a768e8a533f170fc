"""Whether a text holds a private key, in any form that programs write one in."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

_WORDS = re.compile(r"PRIVATE[\s_-]*KEY", re.IGNORECASE)
PRIVATE_KEY = re.compile(
    r"BEGIN[\sA-Z0-9_-]*PRIVATE[\s_-]*KEY|BEGIN\s+OPENSSH|PuTTY-User-Key-File|AGE-SECRET-KEY|b3BlbnNzaC1rZXktdjE"
    r"|[\"'](?:d|p|q|dp|dq|qi|k)\\*[\"']\s*:\s*\\*[\"'][A-Za-z0-9_-]{16,}|<(?:D|P|Q)>[A-Za-z0-9+/=\s]{16,}</",
    re.IGNORECASE,
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
# DER of a private key is a SEQUENCE: the byte 30 and a length, which base64 writes MA to MI.
_BASE64_DER = re.compile(r"(?=M[A-I][A-Za-z0-9+/_-]{38})")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]*")
_BASE64_TEXT = re.compile(r"(?=((?:LS0tLS1C|eyJ)[A-Za-z0-9+/_-]{30,4096}))")  # of "-----B" and of '{"'
_HEX_DER = re.compile(r"(?=30[0-9a-f]{62})", re.IGNORECASE)
_HEX_RUN = re.compile(r"[0-9a-f]*", re.IGNORECASE)
_LONGEST_KEY_BYTES = 16_384
_DIGEST = re.compile(r"\b(?=[0-9]*[a-f])[0-9a-f]{40,}\b", re.IGNORECASE)
_LONGEST_HEADER_BYTES = 4
_SHORTEST_PUBLIC = 40  # the digits of a SHA-1 digest
_PKCS12 = b"\x02\x01\x03\x30"  # version 3, then what is kept


def may_hold_private_key(text: str) -> bool:
    """Tell whether a text holds a private key: PEM, DER in base64 or hex, JWK, OpenSSH, PuTTY, PKCS #12.

    Certificates in it are public and not looked into; what stands around them is.
    """
    visible = _UNSEEN.sub("", _CERTIFICATE.sub(" ", text))
    if PRIVATE_KEY.search(visible):
        return True
    compact = "".join(visible.split())
    if any(
        PRIVATE_KEY.search(_decoded(found[1]).decode("latin-1")) for found in _BASE64_TEXT.finditer(compact)
    ):
        return True
    return any(_is_private_key(der) for der in _ders(compact))


def names_private_key(text: str) -> bool:
    """Tell whether a text speaks of a private key, which beside a key's reference is taken for one."""
    return bool(_WORDS.search(_UNSEEN.sub("", _CERTIFICATE.sub(" ", text))))


def without_public_parts(text: str) -> str:
    """Return a text without its certificates and digests, whose digits are no numbers."""
    return _DIGEST.sub(" ", _CERTIFICATE.sub(" ", text)) if len(text) > _SHORTEST_PUBLIC else text


def _ders(text: str) -> Iterator[bytes]:
    """Yield what may be DER: of each beginning no more than its header declares, so that a long text costs little."""
    for found in _BASE64_DER.finditer(text):
        size = _size(_decoded(text[found.start() : found.start() + 8]))
        run = _BASE64_RUN.match(text, found.start(), found.start() + size * 4 // 3 + 4)
        if size and run:
            yield _decoded(run[0])
    digits = text.replace(":", "")
    for found in _HEX_DER.finditer(digits):
        size = _size(bytes.fromhex(digits[found.start() : found.start() + 8]))
        run = _HEX_RUN.match(digits, found.start(), found.start() + size * 2)
        if size and run:
            yield bytes.fromhex(run[0][: len(run[0]) // 2 * 2])


def _size(header: bytes) -> int:
    """Return how many bytes the value of DER has that begins so, with its header, or 0 for none that is a key."""
    start = 2 + max(0, header[1] - 0x80)
    if start > _LONGEST_HEADER_BYTES:
        return 0
    size = start + (int.from_bytes(header[2:start], "big") if start > 2 else header[1])
    return size if size <= _LONGEST_KEY_BYTES else 0


def _decoded(text: str) -> bytes:
    """Return the bytes of base64 in either alphabet, as far as whole groups go."""
    whole = text if len(text) % 4 != 1 else text[:-1]
    return base64.b64decode(whole + "=" * (-len(whole) % 4), altchars=b"-_")


def _is_private_key(der: bytes) -> bool:
    body = _whole(der)
    if body is None:
        return False
    if _PKCS12 in body[: _LONGEST_HEADER_BYTES + len(_PKCS12)]:
        return True
    try:
        load_der_private_key(body, password=None)
    except TypeError:
        return True  # an encrypted one
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _whole(der: bytes) -> bytes | None:
    """Return the first value of DER without what follows it, or None where it is cut off."""
    size, start = der[1], 2
    if size > 0x80:
        start += size - 0x80
        size = int.from_bytes(der[2:start], "big")
    return der[: start + size] if start <= _LONGEST_HEADER_BYTES and start + size <= len(der) else None
