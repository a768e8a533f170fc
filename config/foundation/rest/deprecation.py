"""What is not to be used any longer: since when, until when, and what takes its place (RFC 9745, RFC 8594).

An operation, its parameters and the fields of its answer are declared deprecated beside the view (``Operation``). From
that follow what the documentation says, the headers of answers, a line in the log for each use, and, after the sunset,
the refusal ``gone``.
"""

from __future__ import annotations

import logging
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from config.foundation.errors import Refused
from config.foundation.rest.links import add_links, link

GRACE_MONTHS = 6
PAGE = "/deprecations"
HEADERS = ("Deprecation", "Sunset", "Link")
GONE = "gone"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """Deprecated ``since`` a moment, not served from ``sunset`` on; ``replacement`` is a sentence: what to use."""

    since: datetime
    sunset: datetime
    replacement: str

    def fault(self) -> str:
        """Return what is wrong with the declaration, or nothing."""
        if self.since.tzinfo is None or self.sunset.tzinfo is None:
            return "since and sunset need an offset from UTC."
        if self.sunset < months_later(self.since, GRACE_MONTHS):
            return f"sunset comes less than {GRACE_MONTHS} months after since ({self.since:%Y-%m-%d})."
        return "" if self.replacement else "replacement does not say what to use."


class Kind(StrEnum):
    """What is deprecated."""

    OPERATION = "operation"
    PARAMETER = "parameter"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Part:
    """One deprecated thing: an operation itself (``name`` is empty), a query parameter, or a field of its answer."""

    operation_id: str
    kind: Kind
    name: str
    deprecation: Deprecation

    def __str__(self) -> str:
        """Name it within the document: ``edges_list``, ``edges_list parameter state``."""
        return f"{self.operation_id} {self.kind} {self.name}" if self.name else self.operation_id

    @property
    def address(self) -> str:
        """Return the address of what the page of deprecations says of it."""
        return f"{settings.BASE_URL}{PAGE}#{self.operation_id}"

    def is_gone(self, now: datetime) -> bool:
        """Tell whether its sunset has come."""
        return now >= self.deprecation.sunset

    def refusal(self) -> Refused:
        """Return the refusal after its sunset."""
        what = f"The {self.kind} {self.name}" if self.name else "This operation"
        detail = f"{what} was served until {self.deprecation.sunset:%Y-%m-%d}. {self.deprecation.replacement}"
        return Refused(GONE, detail, replacement=self.deprecation.replacement, deprecation=self.address)


@cache
def parts_of_action(view_class: Any, action: str) -> tuple[Part, ...]:
    """Return what a view declares deprecated of a method or action; nothing where it declares no such operation."""
    try:
        parts: tuple[Part, ...] = view_class.describe(action).deprecated_parts
    except LookupError:
        return ()
    return parts


def refuse_gone(parts: Iterable[Part], query: Mapping[str, str], now: datetime) -> None:
    """Refuse what is asked for after its sunset: the operation, a parameter, or a field that is asked for by name.

    Raises:
        Refused: ``gone``.
    """
    chosen = str(query.get("fields", "")).split(",")
    for part in parts:
        is_asked = {
            Kind.OPERATION: True,
            Kind.PARAMETER: part.name in query,
            Kind.FIELD: part.name in chosen,
        }[part.kind]
        if is_asked and part.is_gone(now):
            raise part.refusal()


def announce(response: Response, parts: Iterable[Part]) -> None:
    """Say in an answer's headers what of the call is deprecated: the earliest dates of all its parts."""
    used = tuple(parts)
    if not used:
        return
    response["Deprecation"] = f"@{int(min(one.deprecation.since for one in used).timestamp())}"
    response["Sunset"] = http_date(min(one.deprecation.sunset for one in used).timestamp())
    addresses = dict.fromkeys(one.address for one in used)
    add_links(response, *(link(address, "deprecation", "text/html") for address in addresses))


def note_use(request: Request, view: Any, parts: Iterable[Part], status: int) -> None:
    """Write one line of the log for each deprecated part that a caller used, so that its owner can be told."""
    admission = getattr(view, "admission", None)
    if admission is None:
        return
    tenant = getattr(admission.tenant, "slug", "")
    for part in parts:
        logger.warning(
            "deprecated operation=%s part=%s caller=%s tenant=%s method=%s status=%d sunset=%s",
            part.operation_id,
            f"{part.kind}:{part.name}" if part.name else part.kind,
            admission.actor,
            tenant,
            request.method,
            status,
            f"{part.deprecation.sunset:%Y-%m-%d}",
        )


def marks(deprecation: Deprecation) -> dict[str, Any]:
    """Return what the document says of a deprecated operation, parameter or property."""
    return {
        "deprecated": True,
        "x-deprecated-since": _written(deprecation.since),
        "x-sunset": _written(deprecation.sunset),
        "x-replacement": deprecation.replacement,
    }


def marked_parameters(
    parameters: Iterable[dict[str, Any]], deprecated: Mapping[str, Deprecation]
) -> Iterator[dict[str, Any]]:
    """Yield OpenAPI parameter objects, those that are deprecated marked."""
    for one in parameters:
        deprecation = deprecated.get(str(one.get("name")))
        yield one | marks(deprecation) if deprecation else one


def marked_fields(schema: dict[str, Any], deprecated: Mapping[str, Deprecation]) -> dict[str, Any]:
    """Return an answer's schema, its deprecated properties marked; none of them is required, since it will be absent.

    Raises:
        LookupError: there is no such property.
    """
    if not deprecated:
        return schema
    properties = dict(schema.get("properties", {}))
    for name, deprecation in deprecated.items():
        if name not in properties:
            raise LookupError(f"{name} is declared deprecated and is no field of the answer")
        properties[name] = properties[name] | marks(
            deprecation
        )  # beside a reference too: this is OpenAPI 3.1
    required = [name for name in schema.get("required", ()) if name not in deprecated]
    return schema | {"properties": properties, "required": required}


def months_later(moment: datetime, months: int) -> datetime:
    """Return the same day and time some months on, or that month's last day where it is shorter."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
