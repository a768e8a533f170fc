"""What the columns of the directory may hold; identifier, address and profile rules come from the registered rails."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pycountry
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from jsonschema import Draft202012Validator

from config.foundation.keys import blind_index, encrypt, is_encrypted
from config.foundation.rows import PUBLIC_SCHEMA, selected_schema
from directory.enums import ArtifactKind, SensitivityTier
from directory.rails.kinds import IdentifierError
from directory.rails.registry import AddressError, registry
from directory.resolution.policies import validate_rule

if TYPE_CHECKING:
    from directory.models import Credential, Endpoint, Identifier, PrefixRule, RoutingArtifact

TAGS_MAX = 50
BIN_MAX_DIGITS = 8
USER_ASSIGNED_COUNTRIES = frozenset({"XK"})  # Kosovo: used by SWIFT and by the European Commission
VAULT_REFERENCE = re.compile(r"(vault://|azurekv://|gcpkms://|arn:aws:kms:|pkcs11:)[!-~]{1,500}", re.ASCII)
FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
PRIVATE_KEY = re.compile(
    r"PRIVATE[ _-]?KEY|BEGIN\s+OPENSSH|PuTTY-User-Key-File|\"(d|p|q|dp|dq|qi|k)\"\s*:\s*\"[A-Za-z0-9_-]{16,}",
    re.IGNORECASE,
)
_OBJECT_OF_SCALARS = Draft202012Validator(
    {
        "type": "object",
        "maxProperties": 50,
        "additionalProperties": {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "maxItems": 100, "items": {"type": ["string", "number", "boolean"]}},
            ]
        },
    }
)
_QOS = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "retries": {"type": "integer", "minimum": 0, "maximum": 100},
            "receiptsRequired": {"type": "boolean"},
            "ordering": {"enum": ["none", "fifo"]},
        },
    }
)
_RESULT = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "digits": {"type": "string", "pattern": r"^[0-9]{1,15}$"},
            "tt": {"type": "integer", "minimum": 0, "maximum": 255},
            "np": {"type": "integer", "minimum": 0, "maximum": 15},
            "nai": {"type": "integer", "minimum": 0, "maximum": 127},
            "routing_indicator": {"enum": ["gt", "ssn"]},
            "backup": {"type": "string", "maxLength": 1024},
        },
    }
)
_MATCH_AND_DIRECTIVE = Draft202012Validator(
    {
        "type": "object",
        "required": ["match", "directive"],
        "additionalProperties": False,
        "properties": {
            "match": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "identifiers": {
                        "type": "array",
                        "maxItems": 1000,
                        "items": {
                            "type": "object",
                            "required": ["type", "value"],
                            "additionalProperties": False,
                            "properties": {
                                "type": {"type": "string"},
                                "value": {"type": "string"},
                                "scope": {"type": "string"},
                            },
                        },
                    },
                    **{
                        name: {"type": "string", "maxLength": 512}
                        for name in ("type", "service", "action", "process", "documentType")
                    },
                },
            },
            "directive": {
                "type": "object",
                "required": ["target_protocol", "target_address"],
                "additionalProperties": False,
                "properties": {
                    "target_protocol": {"type": "string", "minLength": 1},
                    "target_address": {"type": "string", "minLength": 1},
                    "transport_profile": {"type": "string"},
                    "keyRefs": {"type": "array", "maxItems": 20, "items": {"type": "string"}},
                    "qos": {"type": "object"},
                },
            },
            "priority": {"type": "integer"},
        },
    }
)
_DIRECTIVE_KINDS = frozenset(
    {ArtifactKind.TENANT_OVERRIDE, ArtifactKind.CONTRACT, ArtifactKind.DEFAULT_ROUTE}
)


def validate_country(value: str) -> None:
    """Refuse what is no ISO 3166-1 alpha-2 code.

    Raises:
        ValidationError: ``country_unknown``.
    """
    if value not in USER_ASSIGNED_COUNTRIES and (
        value != value.upper() or pycountry.countries.get(alpha_2=value) is None
    ):
        raise ValidationError(
            "“%(value)s” is no ISO 3166-1 country code: write two capital letters, like SE.",
            code="country_unknown",
            params={"value": value},
        )


def validate_tags(value: list[str]) -> None:
    """Refuse more than fifty tags, empty ones and repeated ones.

    Raises:
        ValidationError: ``tags_invalid``.
    """
    if len(value) > TAGS_MAX or len(set(value)) != len(value) or not all(tag.strip() for tag in value):
        raise ValidationError(f"Tags are at most {TAGS_MAX} different words.", code="tags_invalid")


def validate_digits(value: str) -> None:
    """Refuse a prefix that is not 1 to 15 ASCII digits.

    Raises:
        ValidationError: ``prefix_invalid`` (without the value: it may be a card number).
    """
    if not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
        raise ValidationError("A prefix is 1 to 15 digits and nothing else.", code="prefix_invalid")


def validate_policy_rule(value: Any) -> None:
    """Refuse a rule that is not of the policy language.

    Raises:
        ValidationError: ``rule_invalid``, one for each fault, each naming its place.
    """
    _raise_all("rule_invalid", validate_rule(value))


def validate_constraints(value: Any) -> None:
    """Refuse capability constraints that are not an object of texts, numbers, booleans, or lists of them.

    Raises:
        ValidationError: ``constraints_invalid``.
    """
    _check(_OBJECT_OF_SCALARS, value, "constraints_invalid")


def validate_qos(value: Any) -> None:
    """Refuse a quality of service other than ``{"retries": int, "receiptsRequired": bool, "ordering": "none"|"fifo"}``.

    Raises:
        ValidationError: ``qos_invalid``.
    """
    _check(_QOS, value, "qos_invalid")


def validate_result(value: Any) -> None:
    """Refuse a translation result with other keys than digits, tt, np, nai, routing_indicator and backup.

    Raises:
        ValidationError: ``result_invalid``.
    """
    _check(_RESULT, value, "result_invalid")


def check_artifact(artifact: RoutingArtifact) -> None:
    """Refuse a payload that is not of the form its kind of artifact has.

    Raises:
        ValidationError: ``payload_invalid`` under ``payload``.
    """
    if artifact.kind in _DIRECTIVE_KINDS:
        faults = _faults(_MATCH_AND_DIRECTIVE, artifact.payload)
    else:
        faults = [] if isinstance(artifact.payload, dict) else ["The payload is a JSON object."]
    if faults:
        raise ValidationError(
            {"payload": [ValidationError(fault, code="payload_invalid") for fault in faults]}
        )


def check_identifier(identifier: Identifier) -> None:
    """Set ``normalized``, ``scope`` and ``tier`` by the rules of the type; from tier 2 up, seal value and index.

    Raises:
        ValidationError: the code of the type's rule, under the field; never with a confidential value.
    """
    if is_encrypted(identifier.value) and identifier.tier >= SensitivityTier.CONFIDENTIAL:
        return  # stored before and unchanged
    given, identifier.value = (
        identifier.value,
        "",
    )  # a refused value is not left on the row, where a traceback shows it
    try:
        kind = registry.get(identifier.identifier_type)
        normal = kind.normalize(given, identifier.scope)
    except IdentifierError as error:
        field = "identifier_type" if error.field == "type" else error.field
        raise ValidationError({field: ValidationError(error.message, code=error.code)}) from None
    schema = selected_schema(identifier._state.db or DEFAULT_DB_ALIAS)
    if schema == PUBLIC_SCHEMA.schema_name and not kind.global_allowed:
        raise ValidationError(
            {
                "identifier_type": ValidationError(
                    f"{kind.name} is kept in a tenant's own directory only, never in the global one.",
                    code="tenant_only",
                )
            }
        )
    identifier.scope, identifier.tier = normal.scope, normal.tier
    if normal.tier >= SensitivityTier.CONFIDENTIAL:
        identifier.value = encrypt(schema, normal.value)
        identifier.normalized = blind_index(schema, kind.name, normal.scope, normal.normalized)
    else:
        identifier.value, identifier.normalized = normal.value, normal.normalized


def check_endpoint(endpoint: Endpoint) -> None:
    """Refuse a protocol that no rail registers, or an address that is not of its form.

    Raises:
        ValidationError: ``unknown_protocol`` or ``invalid``, under the field.
    """
    try:
        endpoint.address = registry.check_address(endpoint.protocol, endpoint.address)
    except AddressError as error:
        raise ValidationError({error.field: ValidationError(error.message, code=error.code)}) from None


def check_prefix_rule(rule: PrefixRule) -> None:
    """Refuse a prefix that may be a card number, and a target that no rail accepts.

    Raises:
        ValidationError: ``possible_card_number`` (without the value), ``unknown_protocol`` or ``invalid``.
    """
    if rule.artifact.kind == ArtifactKind.BIN_TABLE and len(rule.prefix) > BIN_MAX_DIGITS:
        rule.prefix = ""
        raise ValidationError(
            {
                "prefix": ValidationError(
                    f"A BIN has at most {BIN_MAX_DIGITS} digits; more may be a card number, which is never kept here.",
                    code="possible_card_number",
                )
            }
        )
    if rule.target_protocol:
        try:
            rule.target_address = registry.check_address(rule.target_protocol, rule.target_address)
        except AddressError as error:
            raise ValidationError(
                {f"target_{error.field}": ValidationError(error.message, code=error.code)}
            ) from None


def check_credential(credential: Credential) -> None:
    """Refuse private keys in any text of the row; derive fingerprint and validity from the certificate.

    Raises:
        ValidationError: ``private_key_refused``, ``certificate_invalid``, ``vault_ref_invalid`` or
            ``fingerprint_invalid``.
    """
    for field in ("certificate", "vault_ref", "fingerprint", "external_id"):
        if PRIVATE_KEY.search(getattr(credential, field)) or _is_private_key(getattr(credential, field)):
            setattr(credential, field, "")
            message = "A private key is never kept here: store it in a vault and give its reference."
            raise ValidationError({field: ValidationError(message, code="private_key_refused")})
    if credential.vault_ref and not VAULT_REFERENCE.fullmatch(credential.vault_ref):
        message = "A vault reference begins with vault://, arn:aws:kms:, azurekv://, gcpkms:// or pkcs11:."
        raise ValidationError({"vault_ref": ValidationError(message, code="vault_ref_invalid")})
    if credential.certificate:
        _take_certificate(credential)
    credential.fingerprint = credential.fingerprint.replace(":", "").lower()
    if credential.fingerprint and not FINGERPRINT.fullmatch(credential.fingerprint):
        message = "A fingerprint is the SHA-256 of the certificate: 64 hex digits."
        raise ValidationError({"fingerprint": ValidationError(message, code="fingerprint_invalid")})


def _is_private_key(text: str) -> bool:
    """Tell whether a text is the base64 body of a private key (PKCS#8, PKCS#1 or SEC 1) without its PEM lines."""
    body = "".join(line for line in text.split() if not line.startswith("-----"))
    if len(body) < 40 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", body):
        return False
    try:
        der = base64.b64decode(
            body + "=" * (-len(body) % 4), altchars=b"-_" if re.search("[-_]", body) else None
        )
        load_der_private_key(der, password=None)
    except TypeError:
        return True  # an encrypted one
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _take_certificate(credential: Credential) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(credential.certificate.encode())
    except ValueError:
        message = "This is no PEM certificate: paste what stands from BEGIN CERTIFICATE to END CERTIFICATE."
        raise ValidationError({"certificate": ValidationError(message, code="certificate_invalid")}) from None
    leaf = certificates[0]
    credential.fingerprint = leaf.fingerprint(hashes.SHA256()).hex()
    credential.valid_from, credential.valid_to = leaf.not_valid_before_utc, leaf.not_valid_after_utc


def _check(validator: Draft202012Validator, value: Any, code: str) -> None:
    _raise_all(code, _faults(validator, value))


def _faults(validator: Draft202012Validator, value: Any) -> list[str]:
    errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    return [
        f"{'/'.join(map(str, error.absolute_path)) or 'value'}: {error.message[:300]}"
        for error in errors[:20]
    ]


def _raise_all(code: str, faults: list[str]) -> None:
    if faults:
        raise ValidationError([ValidationError(fault, code=code) for fault in faults])
