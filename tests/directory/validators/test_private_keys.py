"""The search for private keys: what it takes grows with a text, not with its square, and ordinary texts pass."""

import base64
import os
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from directory.rails.card_numbers import holds_card_number, is_card_number, may_be_card_number
from directory.validators.private_keys import may_hold_private_key, names_private_key, without_public_parts

SIZE = 100_000
SEARCHES = (
    may_hold_private_key, names_private_key, without_public_parts, holds_card_number, is_card_number,
    may_be_card_number,
)  # fmt: skip
LONG = {
    "base64": base64.b64encode(bytes(range(256)) * 256).decode(),
    "base64 of headers": "MA",
    "base64 of short keys": "MC4CAQAwBQYDK2Vw",
    "hex": bytes(range(256)).hex(),
    "hex of zeros": "30",
    "hex of headers": "30823fff020100",
    "digits": "4",
    "groups": "4111 ",
    "dashes": "4-",
    "beginnings": "BEGIN ",
    "certificates without end": "-----BEGIN CERTIFICATE-----",
    "JSON": '"kty":"d":',
    "tokens": "eyJ",
    "words": "PRIVATE ",
    "spaces": " ",
    "elements": "<D>AAAA",
    "wide digits": "\uff14",
}
KEYS = (
    rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1()),
    ed25519.Ed25519PrivateKey.generate(),
)  # fmt: skip


def seconds(search, text: str) -> float:
    """Return the shortest of five times: the others had to wait for somebody else."""
    found = []
    for _ in range(5):
        begun = time.process_time()
        search(text)
        found.append(time.process_time() - begun)
    return min(found)


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.__name__)
@pytest.mark.parametrize("kind", LONG)
def test_a_text_of_four_times_the_length_takes_about_four_times_the_time(search, kind):
    part = LONG[kind]
    text = part * (SIZE // len(part))
    once, four_times = seconds(search, text), seconds(search, text * 4)
    assert four_times < 12 * max(once, 0.002), "sixteen times, were it squared"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
@pytest.mark.parametrize(
    "encryption", [NoEncryption(), BestAvailableEncryption(b"x")], ids=["plain", "encrypted"]
)
@pytest.mark.parametrize("before", range(4))
def test_a_key_is_found_wherever_it_begins(key, encryption, before):
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, encryption)
    around = os.urandom(before)
    for text in (
        base64.b64encode(around + der + around).decode(),
        base64.urlsafe_b64encode(der).decode() + "Backup",
        "x" * before + base64.b64encode(der).decode(),
        "a" * before + der.hex() + "0",
        f"see:{der.hex(':')}",
        "\n".join(base64.encodebytes(der).decode().split()),
    ):
        assert may_hold_private_key(f"{text}"), text


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
def test_what_is_public_of_a_key_is_none(key):
    public = key.public_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alpha")])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder(name).sign(key, algorithm)
    for der in (
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        request.public_bytes(Encoding.DER),
    ):
        assert not may_hold_private_key(base64.b64encode(der).decode())
        assert not may_hold_private_key(der.hex())
    assert not may_hold_private_key(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"p": "urn-of-some-longer-process", "k": "abcdefghijklmnopqrst"}',
        '{"kty": "EC", "x": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}',
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbHBoYSIsImlhdCI6MTUxNjIzOTAyMn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
        "The private key is kept in the vault of the bank, not here.",
        "vault://certs/bankus/iso20022",
    ],
)
def test_ordinary_texts_hold_none(text):
    assert not may_hold_private_key(text)


@given(st.binary(max_size=400))
def test_random_bytes_hold_none(data):
    assert not may_hold_private_key(base64.b64encode(data).decode())
    assert not may_hold_private_key(data.hex())


def test_the_sources_of_the_product_hold_none():
    for path in sorted(Path(__file__).parents[3].glob("directory/**/*.py")):
        if "private_keys" not in path.name:
            assert not may_hold_private_key(path.read_text()), path
