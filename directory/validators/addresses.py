"""Whether identifiers, addresses and prefixes obey the rules of their rail; confidential values are sealed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS

from config.foundation.keys import DecryptionError, blind_index, decrypt, encrypt
from config.foundation.rows import PUBLIC_SCHEMA, selected_schema
from directory.enums import ArtifactKind, SensitivityTier
from directory.rails.kinds import IdentifierError
from directory.rails.registry import AddressError, registry

if TYPE_CHECKING:
    from directory.models import Endpoint, Identifier, PrefixRule

BIN_MAX_DIGITS = 8


def check_identifier(identifier: Identifier) -> None:
    """Set ``normalized``, ``scope`` and ``tier`` by the rules of the type; from tier 2 up, seal value and index.

    The value that the row itself has sealed is opened and checked again, and stays as it is where nothing changed; no
    other is opened, or a sealed text copied from elsewhere would become readable under an open type.

    Raises:
        ValidationError: the code of the type's rule, under the field; never with a confidential value.
    """
    schema = selected_schema(identifier._state.db or DEFAULT_DB_ALIAS)
    is_kept = bool(identifier.value) and identifier.value == identifier.sealed_value
    sealed, given = _opened(schema, identifier.value) if is_kept else ("", identifier.value)
    identifier.value = ""  # a refused value is not left on the row, where a traceback shows it
    try:
        kind = registry.get(identifier.identifier_type)
        normal = kind.normalize(given, identifier.scope)
    except IdentifierError as error:
        field = "identifier_type" if error.field == "type" else error.field
        if field == "scope":
            identifier.scope = ""
        raise ValidationError({field: ValidationError(error.message, code=error.code)}) from None
    if schema == PUBLIC_SCHEMA.schema_name and not kind.global_allowed:
        message = f"{kind.name} is kept in a tenant's own directory only, never in the global one."
        raise ValidationError({"identifier_type": ValidationError(message, code="tenant_only")})
    identifier.scope, identifier.tier = normal.scope, normal.tier
    if normal.tier < SensitivityTier.CONFIDENTIAL:
        identifier.value, identifier.normalized = normal.value, normal.normalized
        return
    identifier.value = identifier.sealed_value = sealed or encrypt(schema, normal.value)
    identifier.normalized = blind_index(schema, kind.name, normal.scope, normal.normalized)


def _opened(schema: str, value: str) -> tuple[str, str]:
    """Return what is stored and what it says; what another schema sealed is taken as it is written."""
    try:
        return value, decrypt(schema, value)
    except DecryptionError:
        return "", value


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
        message = (
            f"A BIN has at most {BIN_MAX_DIGITS} digits; more may be a card number, which is never kept here."
        )
        raise ValidationError({"prefix": ValidationError(message, code="possible_card_number")})
    if rule.target_protocol:
        try:
            rule.target_address = registry.check_address(rule.target_protocol, rule.target_address)
        except AddressError as error:
            raise ValidationError(
                {f"target_{error.field}": ValidationError(error.message, code=error.code)}
            ) from None
