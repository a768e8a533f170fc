"""Step 1: from JSON to a request as understood, or every fault of it at once.

No message repeats a value, and a key that the contract does not know is named only where it cannot hold a card number.
(Messages of the rails repeat values only of types that allow it.)
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from config.foundation.errors import shown_name
from directory.rails.kinds import IdentifierError, IdentifierRole, Normalized
from directory.rails.registry import Registry
from directory.resolution.records import (
    Constraints,
    InvalidRequest,
    Party,
    Request,
    RequestError,
    Service,
    TenantMismatch,
)

LARGEST_LIMIT = 50
MOST_IDENTIFIERS = 20
MOST_VALUES = 20
MOST_STRAYS = 20  # unknown keys named one by one
LONGEST_STALENESS_S = 10 * 366 * 86_400
KEYS = (
    "identifiers", "serviceContext", "constraints", "tenant", "asOf", "limit", "explain", "correlationId",
)  # fmt: skip
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_GLOBAL_TITLE = re.compile(r"\+?([0-9]{1,15})", re.ASCII)


class _Field(NamedTuple):
    """A key of the contract, the field of the record it fills, and how its value is read."""

    name: str
    read: "Callable[[_Reader, str, Any], Any]"


class _Reader:
    """Collects faults while values are read; a value that cannot be read becomes None."""

    def __init__(self) -> None:
        self.errors: list[RequestError] = []

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        self.errors.append(RequestError(pointer, code, detail))

    def text(self, pointer: str, value: Any, *, most: int = 512) -> str | None:
        if not isinstance(value, str):
            self.refuse(pointer, "invalid_type", "Give a text.")
            return None
        if len(value) > most:
            self.refuse(pointer, "too_long", f"Give at most {most} characters.")
            return None
        if not value.isprintable():
            self.refuse(pointer, "invalid_characters", "Remove characters that cannot be printed.")
            return None
        return value.strip()

    def whole(self, pointer: str, value: Any, least: int, most: int) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(pointer, "invalid_type", "Give a whole number.")
            return None
        if not least <= value <= most:
            self.refuse(pointer, "out_of_range", f"Give a number from {least} to {most}.")
            return None
        return value

    def fraction(self, pointer: str, value: Any) -> float | None:
        if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
            self.refuse(pointer, "invalid_type", "Give a number.")
            return None
        if not 0 <= value <= 1:
            self.refuse(pointer, "out_of_range", "Give a number from 0 to 1.")
            return None
        return float(value)

    def texts(self, pointer: str, value: Any) -> tuple[str, ...] | None:
        if not isinstance(value, list):
            self.refuse(pointer, "invalid_type", "Give a list of texts.")
            return None
        if len(value) > MOST_VALUES:
            self.refuse(pointer, "too_many", f"Give at most {MOST_VALUES}.")
            return None
        read = [self.text(f"{pointer}/{index}", item, most=128) for index, item in enumerate(value)]
        return tuple(sorted({item for item in read if item}))

    def truth(self, pointer: str, value: Any) -> bool | None:
        if not isinstance(value, bool):
            self.refuse(pointer, "invalid_type", "Give true or false.")
            return None
        return value

    def digits(self, pointer: str, value: Any) -> str | None:
        text = self.text(pointer, value, most=64)
        if text is None:
            return None
        found = _GLOBAL_TITLE.fullmatch(text)
        if found is None:
            self.refuse(pointer, "invalid", "Give 1 to 15 digits.")
            return None
        return found.group(1)

    def moment(self, pointer: str, value: Any) -> datetime | None:
        text = self.text(pointer, value, most=40)
        if text is None:
            return None
        try:
            moment = (
                datetime.fromisoformat(text.upper()).astimezone(UTC) if _RFC3339.fullmatch(text) else None
            )
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            self.refuse(pointer, "invalid", "Give a time of RFC 3339, like 2026-01-31T12:00:00Z.")
            return None
        if not 1970 <= moment.year <= 2999:
            self.refuse(pointer, "out_of_range", "Give a time from 1970 to 2999.")
            return None
        return moment

    def members(self, pointer: str, value: Any, known: Collection[str]) -> dict[str, Any]:
        """Return the members of an object that are known and not null; refuse the others."""
        if not isinstance(value, dict):
            self.refuse(pointer, "invalid_type", "Give an object.")
            return {}
        for name in sorted({shown_name(stray) for stray in value.keys() - set(known)})[:MOST_STRAYS]:
            detail = f"{name} is no field here; known are {', '.join(sorted(known))}."
            self.refuse(f"{pointer}/{name}", "unknown_field", detail)
        return {name: value[name] for name in known if value.get(name) is not None}


def _short(reader: _Reader, pointer: str, value: Any) -> str | None:
    return reader.text(pointer, value, most=128)


def _octet(reader: _Reader, pointer: str, value: Any) -> int | None:
    return reader.whole(pointer, value, 0, 255)


_SERVICE: Mapping[str, _Field] = {
    "service": _Field("service", _Reader.text),
    "action": _Field("action", _Reader.text),
    "process": _Field("process", _Reader.text),
    "documentType": _Field("document_type", _Reader.text),
    "serviceIndicator": _Field("service_indicator", _short),
}
_CONSTRAINTS: Mapping[str, _Field] = {
    "protocols": _Field("protocols", _Reader.texts),
    "profiles": _Field("profiles", _Reader.texts),
    "scheme": _Field("scheme", _short),
    "brand": _Field("brand", _short),
    "network.brand": _Field("brand", _short),
    "mpc": _Field("mpc", _Reader.text),
    "role": _Field("role", _Reader.text),
    "ssn": _Field("ssn", _octet),
    "sls": _Field("sls", _octet),
    "callingGt": _Field("calling_gt", _Reader.digits),
    "minConfidence": _Field("min_confidence", _Reader.fraction),
    "maxStaleSeconds": _Field(
        "max_stale_s", lambda reader, pointer, value: reader.whole(pointer, value, 0, LONGEST_STALENESS_S)
    ),
}


def normalize(
    body: Any, *, registry: Registry, tenant_names: Collection[str], strict_check_digits: bool = False
) -> Request:
    """Return the request that a JSON body makes.

    Args:
        body: decoded JSON, of any shape.
        registry: the rails whose identifiers are known.
        tenant_names: names of the selected tenant that the body's ``tenant`` may give.
        strict_check_digits: refuse a wrong check digit instead of overlooking it.

    Raises:
        InvalidRequest: with every fault.
        TenantMismatch: the body names another tenant; nothing else of it is looked at.
    """
    reader = _Reader()
    given = reader.members("#", body, KEYS)
    _check_tenant(reader, given.get("tenant"), tenant_names)
    service = _read(reader, "#/serviceContext", given.get("serviceContext", {}), _SERVICE)
    constraints = _read(reader, "#/constraints", given.get("constraints", {}), _CONSTRAINTS)
    found = _identifiers(reader, given.get("identifiers"), registry, strict=strict_check_digits)
    parties = _fold(reader, found, registry, service, constraints)
    request = Request(
        parties=tuple(sorted(set(parties))),
        service=Service(**service),
        constraints=Constraints(**constraints),
        as_of=reader.moment("#/asOf", given["asOf"]) if "asOf" in given else None,
        limit=(reader.whole("#/limit", given["limit"], 1, LARGEST_LIMIT) if "limit" in given else None) or 10,
        is_explained=bool(reader.truth("#/explain", given["explain"])) if "explain" in given else False,
        correlation_id=_correlation(reader, given.get("correlationId")),
    )
    if reader.errors:
        raise InvalidRequest(sorted(reader.errors))
    scheme = request.constraints.scheme.lower()
    return replace(request, constraints=replace(request.constraints, scheme=scheme))


def _check_tenant(reader: _Reader, value: Any, names: Collection[str]) -> None:
    name = reader.text("#/tenant", value, most=128) if value is not None else None
    if name is not None and name not in names:
        detail = "The request names another tenant than the one selected by host or path."
        raise TenantMismatch([RequestError("#/tenant", "tenant_mismatch", detail)])


def _correlation(reader: _Reader, value: Any) -> str | None:
    """Return the correlation id exactly as given, since it is echoed."""
    if value is None or reader.text("#/correlationId", value, most=128) is None:
        return None
    return str(value)


def _read(reader: _Reader, pointer: str, value: Any, fields: Mapping[str, _Field]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, item in reader.members(pointer, value, tuple(fields)).items():
        target = fields[name]
        result = target.read(reader, f"{pointer}/{name}", item)
        if result is None or result in ("", ()):
            continue
        if read.setdefault(target.name, result) != result:
            reader.refuse(f"{pointer}/{name}", "contradiction", "Two fields say different things; give one.")
    return read


class _Found(NamedTuple):
    pointer: str
    rail: str
    context_key: str | None
    identifier: Normalized


def _identifiers(reader: _Reader, value: Any, registry: Registry, *, strict: bool) -> list[_Found]:
    if not isinstance(value, list) or not value:
        reader.refuse("#/identifiers", "required", f"Give a list of 1 to {MOST_IDENTIFIERS} identifiers.")
        return []
    if len(value) > MOST_IDENTIFIERS:
        reader.refuse("#/identifiers", "too_many", f"Give at most {MOST_IDENTIFIERS} identifiers.")
        return []
    read = [
        _identifier(reader, f"#/identifiers/{n}", item, registry, strict=strict)
        for n, item in enumerate(value)
    ]
    return [found for found in read if found]


def _identifier(
    reader: _Reader, pointer: str, value: Any, registry: Registry, *, strict: bool
) -> _Found | None:
    given = reader.members(pointer, value, ("type", "value", "scope"))
    if not isinstance(value, dict):
        return None
    missing = [name for name in ("type", "value") if name not in given]
    for name in missing:
        reader.refuse(f"{pointer}/{name}", "required", f"Give the {name} of the identifier.")
    if "type" in missing:
        return None
    try:
        kind = registry.get(given["type"])
        if missing:
            return None
        identifier = kind.normalize(given["value"], given.get("scope"), strict=strict)
    except IdentifierError as error:
        detail = error.message if error.field != "type" else "Unknown identifier type; use a registered one."
        reader.refuse(f"{pointer}/{error.field}", error.code, detail)
        return None
    context_key = kind.context_key if kind.role is IdentifierRole.CONTEXT else None
    return _Found(pointer, kind.rail, context_key, identifier)


def _fold(
    reader: _Reader,
    found: list[_Found],
    registry: Registry,
    service: dict[str, Any],
    constraints: dict[str, Any],
) -> list[Party]:
    """Fold context identifiers into ``service`` and ``constraints`` and return the parties."""
    for item in found:
        if item.context_key:
            _fold_one(reader, item, registry, service, constraints)
    parties = [
        Party(item.identifier.key, item.rail, item.identifier.tier) for item in found if not item.context_key
    ]
    if not parties and not any(error.pointer.startswith("#/identifiers") for error in reader.errors):
        detail = "No identifier names a party; give one that does, not only context."
        reader.refuse("#/identifiers", "no_party", detail)
    return parties


def _fold_one(
    reader: _Reader, item: _Found, registry: Registry, service: dict[str, Any], constraints: dict[str, Any]
) -> None:
    key = item.context_key or ""
    target, into = (_SERVICE[key], service) if key in _SERVICE else (_CONSTRAINTS[key], constraints)
    value: Any = item.identifier.normalized
    if target.read is _octet:
        value = int(value)
    given = into.setdefault(target.name, value)
    if given == value or _means(registry, item.identifier, given):
        into[target.name] = value
        return
    detail = f"Contradicts {'serviceContext' if into is service else 'constraints'}; give one of them."
    reader.refuse(f"{item.pointer}/value", "contradiction", detail)


def _means(registry: Registry, identifier: Normalized, given: Any) -> bool:
    """Tell whether a text of the service context is the same value written in another way."""
    try:
        return registry.get(identifier.type).normalize(given).normalized == identifier.normalized
    except IdentifierError:
        return False
