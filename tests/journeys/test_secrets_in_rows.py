"""Card numbers and private keys, offered to the directory in every way: refused, unrepeated, and left nowhere."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from django.core.exceptions import ValidationError

from audit.models import AuditEvent
from config.foundation.actor import Actor
from directory.models import Credential, Identifier, Participant, PrefixRule, Probe, RoutingArtifact
from directory.operations import save_row
from tests.sealing import seal

ACTOR = Actor.system("test")
CARD = "4539578763621486"
MATCH = {"identifiers": [{"type": "pan.bin", "value": CARD}]}
DIRECTIVE = {"target_protocol": "iso8583", "target_address": "cards.example:5000"}
KEY = ec.generate_private_key(ec.SECP256R1())
DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
BASE64 = base64.b64encode(DER).decode()
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alpha")])
CERTIFICATE = (
    x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1)
    .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
    .sign(KEY, hashes.SHA256())
    .public_bytes(Encoding.PEM)
    .decode()
)
KEYS = {
    "pem": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "pem, encrypted": KEY.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    ).decode(),
    "openssh": KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
    "base64": BASE64,
    "base64, encrypted": base64.b64encode(
        KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    ).decode(),
    "sec 1": base64.b64encode(
        KEY.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    ).decode(),
    "base64 of pem": base64.b64encode(
        KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ).decode(),
    "pkcs 12": base64.b64encode(
        serialize_key_and_certificates(b"x", KEY, None, None, NoEncryption())
    ).decode(),
    "hex": DER.hex(),
    "hex, colons": DER.hex(":").upper(),
    "named": f"key={BASE64}",
    "vault": f"vault://{BASE64}",
    "vault, query": f"vault://x?k={base64.urlsafe_b64encode(DER).decode()}",
    "jwk": json.dumps({"kty": "EC", "d": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}),
    "jwk, quoted": "{'kty': 'EC', 'd': 'c2VjcmV0LXNlY3JldC1zZWNyZXQ'}",
    "invisible": "-----BEGIN PRI\u200bVATE KEY-----",
    "after a certificate": CERTIFICATE + BASE64,
    "before a certificate": BASE64 + "\n" + CERTIFICATE,
    "hex after a certificate": CERTIFICATE + DER.hex(),
}


def is_kept(text):
    models = (AuditEvent, Credential, Identifier, PrefixRule, Probe, RoutingArtifact)
    return any(text in str(row) for model in models for row in model._default_manager.values_list())


@pytest.fixture
def alpha(acme):
    with acme:
        yield save_row(actor=ACTOR, row=Participant(name="Alpha", country="SE"))


def assert_refused(row, code, secret):
    with pytest.raises(ValidationError) as refusal:
        save_row(actor=ACTOR, row=row)
    codes = {one.code for errors in refusal.value.error_dict.values() for one in errors}
    assert code in codes
    assert secret not in json.dumps(refusal.value.message_dict)
    seal()
    assert not is_kept(secret)


@pytest.mark.parametrize("field", ["certificate", "vault_ref", "fingerprint", "external_id", "source"])
@pytest.mark.parametrize("form", KEYS)
def test_a_private_key_is_refused_in_every_text_of_a_credential(alpha, form, field):
    given = {"vault_ref": "vault://certs/alpha"} | {field: KEYS[form]}
    row = Credential(participant=alpha, credential_type="sign", **given)
    assert_refused(row, "private_key_refused", KEYS[form][-60:])
    assert not getattr(row, field)


def test_of_a_certificate_only_the_certificate_is_kept(alpha):
    given = f"subject=alpha\n{CERTIFICATE}\nc2VjcmV0"
    row = save_row(actor=ACTOR, row=Credential(participant=alpha, credential_type="sign", certificate=given))
    assert row.certificate == CERTIFICATE


@pytest.mark.parametrize("field", ["value", "scope", "external_id", "source"])
def test_a_card_number_is_refused_in_every_text_of_a_card_identifier(alpha, field):
    given = {"value": "453957"} | {field: CARD}
    row = Identifier(participant=alpha, identifier_type="pan.bin", **given)
    assert_refused(row, "possible_card_number", CARD)
    assert not getattr(row, field)


@pytest.mark.parametrize("field", ["prefix", "range_text", "calling_prefix", "origin", "brand", "region"])
def test_a_card_number_is_refused_in_every_text_of_a_bin_rule(alpha, field):
    table = save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="cards"))
    given = {"prefix": "453957"} | DIRECTIVE | {field: "378282246310005"}
    assert_refused(PrefixRule(artifact=table, **given), "possible_card_number", "378282246310005")


def test_a_card_number_is_refused_in_a_payload(alpha):
    row = RoutingArtifact(
        kind="tenant_override", name="one", payload={"match": MATCH, "directive": DIRECTIVE}
    )
    assert_refused(row, "possible_card_number", CARD)


def test_a_card_number_is_not_repeated_by_what_refuses_a_payload(alpha):
    row = RoutingArtifact(
        kind="tenant_override", name="one", payload={"match": {"identifiers": [CARD]}, "directive": DIRECTIVE}
    )
    assert_refused(row, "possible_card_number", CARD)


@pytest.mark.parametrize("field", ["request", "expected"])
def test_a_card_number_is_refused_in_a_routing_test(alpha, field):
    row = Probe(name="one", request={"identifiers": []}, expected={})
    setattr(row, field, MATCH)
    assert_refused(row, "possible_card_number", CARD)
