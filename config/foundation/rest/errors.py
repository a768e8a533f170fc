"""Refusals that belong to HTTP itself, and one exception that carries every fault of a request at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from config.foundation.errors import ErrorKind, error_registry, shown_name

FIELD_NOT_EDITABLE = "field_not_editable"
ERROR_KINDS = (
    ErrorKind(
        "validation_failed",
        400,
        "The request is not valid",
        "Something breaks a rule. errors names every fault with its place; correct all of them.",
    ),
    ErrorKind(
        "bad_request",
        400,
        "The request cannot be read",
        "The request is broken in a way that leaves nothing to point at, such as a header that is no text.",
    ),
    ErrorKind(
        "malformed_json",
        400,
        "The body is not JSON",
        "The body is no JSON (RFC 8259) in UTF-8, or holds what programs read differently: a key twice, "
        "NaN, or nesting beyond 32 levels.",
    ),
    ErrorKind(
        "list_too_slow",
        503,
        "The list takes too long",
        "The database was stopped before it had all that was asked for. Narrow the list by filters, or try again as "
        "Retry-After says.",
    ),
    ErrorKind(
        "unknown_field",
        400,
        "The request names an unknown field",
        "A key of the body, or a name in fields or omit, is not part of this operation. It may be misspelt: "
        "nothing was done.",
    ),
    ErrorKind(
        "unknown_parameter",
        400,
        "The address has an unknown parameter",
        "A query parameter is not part of this operation. A misspelt filter never returns everything.",
    ),
    ErrorKind(
        "invalid_cursor",
        400,
        "The cursor does not fit",
        "A cursor is good for the list, filter, ordering and tenant it was made for. Begin without one.",
    ),
    ErrorKind(
        "not_authenticated",
        401,
        "Nobody is signed in",
        "The request carries no credential. Send Authorization: Bearer sbt_….",
    ),
    ErrorKind(
        "token_invalid",
        401,
        "The token is not accepted",
        "The token is unknown, wrong, expired, revoked or disabled; which of these is not said.",
    ),
    ErrorKind(
        "permission_denied",
        403,
        "A privilege is missing",
        "The caller belongs here but lacks the privilege that needed names. Ask an administrator for it.",
    ),
    ErrorKind(
        "write_not_allowed",
        403,
        "The token only reads",
        "The token was made without the write flag. Make one with it, or use another.",
    ),
    ErrorKind(
        "csrf_failed",
        403,
        "The form's protection did not match",
        "A browser session must send the token of its own form. Reload the page, or use an API token.",
    ),
    ErrorKind(
        "not_found",
        404,
        "There is no such object",
        "The object is unknown, deleted, or none the caller may know of. Ids are written with their prefix.",
    ),
    ErrorKind(
        "method_not_allowed",
        405,
        "This method is not offered here",
        "The Allow header lists the methods of this address.",
    ),
    ErrorKind(
        "not_acceptable",
        406,
        "No offered format is acceptable",
        "The Accept header excludes application/json and, of lists, text/csv and application/x-ndjson.",
    ),
    ErrorKind(
        FIELD_NOT_EDITABLE,
        409,
        "The field is not edited here",
        "A key of the body is part of the object, but something else sets it: the fault says what. Leave it out.",
    ),
    ErrorKind(
        "gone",
        410,
        "This is served no longer",
        "The operation, parameter or field was deprecated, and its sunset has come. `replacement` says what to use.",
    ),
    ErrorKind(
        "precondition_failed",
        412,
        "The object has changed",
        "If-Match names another state of the object than the present one. Read it again, and decide anew: the "
        "header ETag of this answer is the present tag.",
    ),
    ErrorKind(
        "precondition_required",
        428,
        "Say which state you change",
        "What routes traffic is changed only with If-Match: read the object, and send its ETag.",
    ),
    ErrorKind(
        "payload_too_large",
        413,
        "The body is too large",
        "The body exceeds the limit. Split the request.",
    ),
    ErrorKind(
        "body_incomplete",
        400,
        "The body was cut off",
        "The connection ended before as many bytes came as Content-Length says. Nothing was done: send it again.",
    ),
    ErrorKind(
        "unsupported_media_type",
        415,
        "The body's format is not supported",
        "Send Content-Type: application/json, in UTF-8 and without a content coding.",
    ),
    ErrorKind(
        "throttled",
        429,
        "Too many requests",
        "A quota is used up, or does not last for this request: policy names it, RateLimit-Policy says how much it "
        "is, and GET /limits all that count for you. Wait as long as Retry-After says. Elsewhere this is known as "
        "https://iana.org/assignments/http-problem-types#quota-exceeded.",
    ),
    ErrorKind(
        "internal_error",
        500,
        "Something went wrong here",
        "The fault is ours and has been logged. Give the request id when you report it.",
    ),
)
error_registry.register(*ERROR_KINDS)

FAULTS_MAX = 5_000  # that are told of one request: each is longer than what it is about
CODES_ALONE = frozenset({"unknown_parameter", "unknown_field", "invalid_cursor"})
STATUSES_ALONE = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request.

    ``place`` is ``{"pointer": "#/identifiers/0/value"}`` (RFC 6901), ``{"parameter": "limit"}`` or
    ``{"header": "If-Match"}``.
    """

    place: dict[str, str]
    detail: str
    code: str

    def as_dict(self) -> dict[str, str]:
        """Return ``{"pointer" | "parameter" | "header", "detail", "code"}``."""
        return {**self.place, "detail": self.detail, "code": self.code}


@dataclass(slots=True)
class Faults:
    """Collects every fault of a request, so that they are answered at once; of very many the first ``FAULTS_MAX``."""

    found: list[Fault] = field(default_factory=list)

    def at_parameter(self, name: str, detail: str, code: str) -> None:
        """Add a fault of a query parameter."""
        if not self.is_full:
            self.found.append(Fault({"parameter": shown_name(name)}, detail, code))

    def at_pointer(self, path: Iterable[str | int], detail: str, code: str) -> None:
        """Add a fault at a place in the body."""
        if not self.is_full:
            self.found.append(Fault({"pointer": pointer(path)}, detail, code))

    def at_header(self, name: str, detail: str, code: str) -> None:
        """Add a fault of a header."""
        if not self.is_full:
            self.found.append(Fault({"header": name}, detail, code))

    @property
    def is_full(self) -> bool:
        """Tell whether further faults are left out."""
        return len(self.found) >= FAULTS_MAX

    def raise_any(self) -> None:
        """Refuse the request if anything is wrong with it.

        Raises:
            InvalidInput: with all faults.
        """
        if self.found:
            raise InvalidInput(self.found)


class InvalidInput(Exception):  # noqa: N818 -- it says what the request is
    """A request with faults; its code is theirs where they agree on one that stands by itself, such as a conflict."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults

    @property
    def code(self) -> str:
        """Return the code the faults agree on where it stands by itself, else ``validation_failed``."""
        codes = {fault.code for fault in self.faults}
        alone = codes.pop() if len(codes) == 1 else ""
        kind = error_registry.get(alone)
        is_of_state = kind is not None and kind.status in STATUSES_ALONE
        return alone if alone in CODES_ALONE or is_of_state else "validation_failed"


class BodyCutOff(OSError):  # noqa: N818 -- it says what happened
    """The connection ended in the middle of a body."""


def pointer(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer of a place in the body, as a URI fragment: ``#/identifiers/0/value``."""
    return "#" + "".join(
        f"/{part if isinstance(part, int) else shown_name(part).replace('~', '~0').replace('/', '~1')}"
        for part in path
    )
