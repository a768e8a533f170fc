"""Whether a text holds a private key, in any form that programs write one in.

Every search goes over the text a fixed number of times, however long it is: base64 is decoded once for each of the four
places where a group may begin, hex once for each of two, and what they declare to be keys is read as far as
``_MOST_READ`` times their length allows.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

_WORDS = re.compile(r"PRIVATE[\s_-]{0,8}KEY", re.IGNORECASE)
_NAMED = re.compile(
    r"BEGIN[\sA-Z0-9_-]{0,64}PRIVATE[\s_-]{0,8}KEY|BEGIN\s{1,8}OPENSSH|PUTTY-USER-KEY-FILE|AGE-SECRET-KEY"
    r"|B3BLBNNZAC1RZXKTDJE|<(?:D|P|Q)>[A-Z0-9+/=\s]{16,}</"
)
_NAMES = (
    "PRIVATE",
    "OPENSSH",
    "PUTTY-USER-KEY",
    "AGE-SECRET-KEY",
    "B3BLBNNZAC1RZXKTDJE",
    "<D>",
    "<P>",
    "<Q>",
)
_JWK_TYPE = re.compile(r"[\"']KTY\\*[\"']")
_JWK_SECRET = re.compile(r"[\"'](?:D|P|Q|DP|DQ|QI|K)\\*[\"']\s{0,64}:\s{0,64}\\*[\"'][A-Z0-9_-]{16,}")
_CERTIFICATE_BEGINS, _CERTIFICATE_ENDS = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{40,}")
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{64,}")
# A SEQUENCE that begins with a version (PKCS #1, #8 and #12, SEC 1) or with an algorithm (encrypted PKCS #8).
_DER = re.compile(
    rb"0(?:[\x10-\x7f]|\x81.|\x82[\x00-\x3f].)(?=\x02\x01[\x00\x01\x03]|0(?:[\x08-\x7f]|\x81.|\x82..)\x06)",
    re.DOTALL,
)
_PKCS12 = b"\x02\x01\x03\x30"  # version 3, then what is kept
_MOST_READ = 4
_DIGEST = re.compile(r"\b(?=[0-9]*[a-f])[0-9a-f]{40,}\b", re.IGNORECASE)
_SHORTEST_PUBLIC = 40  # the digits of a SHA-1 digest


def may_hold_private_key(text: str) -> bool:
    """Tell whether a text holds a private key: PEM, DER in base64 or hex, JWK, OpenSSH, PuTTY, PKCS #12.

    Certificates in it are public and not looked into; what stands around them is.
    """
    visible = _UNSEEN.sub("", without_certificates(text))
    if _is_named(visible):
        return True
    compact = "".join(visible.split())
    return any(_holds_key(data) for data in _decoded_runs(compact))


def names_private_key(text: str) -> bool:
    """Tell whether a text speaks of a private key, which beside a key's reference is taken for one."""
    return bool(_WORDS.search(_UNSEEN.sub("", without_certificates(text))))


def without_certificates(text: str) -> str:
    """Return a text with a space in place of each PEM certificate."""
    kept, position = [], 0
    while (begins := text.find(_CERTIFICATE_BEGINS, position)) >= 0:
        ends = text.find(_CERTIFICATE_ENDS, begins)
        if ends < 0:
            break
        kept += [text[position:begins], " "]
        position = ends + len(_CERTIFICATE_ENDS)
    return "".join((*kept, text[position:]))


def without_public_parts(text: str) -> str:
    """Return a text without its certificates and digests, whose digits are no numbers."""
    return _DIGEST.sub(" ", without_certificates(text)) if len(text) > _SHORTEST_PUBLIC else text


def _is_named(text: str) -> bool:
    """Tell whether a text has the words that a key is written under, or the members of a private JWK."""
    upper = text.upper()
    if any(name in upper for name in _NAMES) and _NAMED.search(upper):
        return True
    return bool(_JWK_TYPE.search(upper) and _JWK_SECRET.search(upper))


def _decoded_runs(text: str) -> Iterator[bytes]:
    """Yield what the base64 and the hex of a text say, from each place where their groups may begin."""
    for run in _BASE64_RUN.finditer(text):
        digits = run[0].replace("-", "+").replace("_", "/")
        for start in range(4):
            whole = digits[start : start + (len(digits) - start) // 4 * 4]
            rest = digits[start + len(whole) :]
            yield base64.b64decode(whole + (rest.ljust(4, "=") if len(rest) > 1 else ""))
    for run in _HEX_RUN.finditer(text.replace(":", "")):
        for start in range(2):
            yield bytes.fromhex(run[0][start : start + (len(run[0]) - start) // 2 * 2])


def _holds_key(data: bytes) -> bool:
    if _is_named(data.decode("latin-1")):
        return True
    left = _MOST_READ * len(data)
    for found in _DER.finditer(data):
        der = _whole(data, found.start(), found.end())
        left -= len(der)
        if left < 0:  # keys within keys: nothing that is no key looks so
            return True
        if der and _is_private_key(der):
            return True
    return False


def _whole(data: bytes, start: int, header_end: int) -> bytes:
    """Return the value of DER whose header is given, or nothing where it is cut off."""
    length = data[start + 1]
    size = length if length < 0x80 else int.from_bytes(data[start + 2 : header_end], "big")
    return data[start : header_end + size] if header_end + size <= len(data) else b""


def _is_private_key(der: bytes) -> bool:
    if _PKCS12 in der[:8]:
        return True
    try:
        load_der_private_key(der, password=None)
    except TypeError:
        return True  # an encrypted one
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True
