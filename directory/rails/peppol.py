"""The rail of Peppol: participants, document types and processes, published by SMP.

Source: Peppol Policy for Identifiers 4.4.
"""

import re

from directory.rails.addresses import check_url
from directory.rails.icd import CODE_SHAPE, check_icd_value
from directory.rails.kinds import (
    Canonical,
    Equivalence,
    Example,
    FailurePolicy,
    IdentifierRole,
    IdentifierType,
    Profile,
    Protocol,
    Qos,
    Rail,
    Refusal,
)

PARTICIPANT_SCHEME = "iso6523-actorid-upis"

_PARTICIPANT_SCHEME = re.compile(r"(?=.{1,25}\Z)[a-z0-9]+-[a-z0-9]+-[a-z0-9]+")
# Document and process schemes. The policy allows more, but every scheme of the code lists has hyphens, and anything
# looser would take the root namespace of a bare document type, which ends at a double colon too, for a scheme.
_SCHEME = re.compile(r"(?=.{1,25}\Z)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+")
_WHITE_SPACE = re.compile(r"[\t\n\v\f\r \x85\xa0]")
_LATIN_1 = re.compile(r"[\x00-\xff]*")


def _split_scheme(value: str) -> tuple[str, str]:
    """Split at the first double colon; ``("", value)`` when no scheme stands before it."""
    scheme, colons, rest = value.partition("::")
    return (scheme, rest) if colons and _SCHEME.fullmatch(scheme) else ("", value)


def _agree(carried: str, scope: str) -> str:
    if carried and scope and carried != scope:
        raise Refusal(
            f"contradicts the scheme {carried} that the value carries; give one of them", field="scope"
        )
    return carried or scope


def _participant_scope(scope: str) -> str:
    folded = scope.lower() if scope.isascii() else scope
    if not _PARTICIPANT_SCHEME.fullmatch(folded):
        raise Refusal(f"is no participant scheme; leave it out or give {PARTICIPANT_SCHEME}", field="scope")
    return folded


def _participant(value: str, scope: str) -> Canonical:
    carried, rest = _split_scheme(value)
    scheme = _agree(carried.lower(), scope)
    icd, colon, number = rest.partition(":")
    if not colon or not CODE_SHAPE.fullmatch(icd):
        raise Refusal("is no participant; give four digits, a colon and the number, such as 0192:991825827")
    checked = check_icd_value(icd, number)
    return checked._replace(normalized=f"{icd}:{checked.normalized}", scope=scheme)


def _context_scope(scope: str) -> str:
    if not _SCHEME.fullmatch(scope):
        raise Refusal(
            "is no scheme; give up to 25 letters and digits joined by hyphens, such as busdox-docid-qns",
            field="scope",
        )
    return scope


def _document_type(value: str, scope: str) -> Canonical:
    scheme, document = _split_scheme(value)
    scheme = _agree(scheme, scope)
    if not 1 <= len(document) <= 500 or not _LATIN_1.fullmatch(document):
        raise Refusal("is no document type; give 1 to 500 characters of ISO 8859-1 after the scheme")
    scheme = scheme or _document_scheme(document)
    if scheme in {"busdox-docid-qns", "peppol-doctype-wildcard"}:
        _check_customization(scheme, document)
    # The scheme stays in front: a service context is compared without its scope.
    return Canonical(f"{scheme}::{document}", scheme)


def _document_scheme(document: str) -> str:
    return "peppol-doctype-wildcard" if "##urn:peppol:pint:" in document else "busdox-docid-qns"


def _check_customization(scheme: str, document: str) -> None:
    syntax, hashes, rest = document.partition("##")
    customization, colons, version = rest.rpartition("::")
    if not (syntax and hashes and customization and colons and version):
        raise Refusal("is no document type; give syntax##customization::version")
    if _WHITE_SPACE.search(document):
        raise Refusal("contains white space; remove it")
    stars = customization[:-1] if scheme == "peppol-doctype-wildcard" else customization
    if "*" in stars:
        raise Refusal("has a * that its scheme does not allow; only a wildcard scheme takes one, at the end")


def _process(value: str, scope: str) -> Canonical:
    carried, process = _split_scheme(value)
    default = "busdox-procid-transport" if process == "busdox:noprocess" else "cenbii-procid-ubl"
    scheme = _agree(carried, scope) or default
    if not 1 <= len(process) <= 200 or not _LATIN_1.fullmatch(process) or _WHITE_SPACE.search(process):
        raise Refusal("is no process; give 1 to 200 characters of ISO 8859-1 without white space")
    return Canonical(f"{scheme}::{process}", scheme)


def _to_as4(scope: str, normalized: str) -> tuple[str, str] | None:
    icd, _, number = normalized.partition(":")
    return (icd, number) if scope == PARTICIPANT_SCHEME else None


def _from_as4(scope: str, normalized: str) -> tuple[str, str] | None:
    return (PARTICIPANT_SCHEME, f"{scope}:{normalized}") if CODE_SHAPE.fullmatch(scope) else None


_INVOICE = (
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice"
    "##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
)
_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

RAIL = Rail(
    name="peppol",
    label="Peppol",
    identifier_types=(
        IdentifierType(
            name="peppol.participantId",
            rail="peppol",
            label="Peppol participant",
            rule=_participant,
            scope_rule=_participant_scope,
            default_scope=PARTICIPANT_SCHEME,
            display=lambda normalized, scope: f"{scope}::{normalized}",
            tier=1,
            source="Peppol Policy for Identifiers 4.4",
            examples=(
                Example("0192:991825827", None, "0192:991825827"),
                Example("iso6523-actorid-upis::9915:TEST", None, "9915:test"),
                Example("0088:123456789", None, "0088:123456789"),
            ),
            counterexamples=(
                Example("991825827"),
                Example("192:991825827"),
                Example("0192:12345678X"),
                Example("0192:991825827", "other-actor-scheme-x"),
                Example("0192:"),
            ),
        ),
        IdentifierType(
            name="peppol.documentTypeId",
            rail="peppol",
            label="Peppol document type",
            role=IdentifierRole.CONTEXT,
            context_key="documentType",
            rule=_document_type,
            scope_rule=_context_scope,
            max_length=530,
            tier=1,
            source="Peppol Policy for Identifiers 4.4; case-sensitive",
            examples=(
                Example(_INVOICE, None, f"busdox-docid-qns::{_INVOICE}"),
                Example(f"busdox-docid-qns::{_INVOICE}", None, f"busdox-docid-qns::{_INVOICE}"),
            ),
            counterexamples=(Example("busdox-docid-qns::"), Example("Invoice"), Example(_INVOICE, "a::b")),
        ),
        IdentifierType(
            name="peppol.processId",
            rail="peppol",
            label="Peppol process",
            role=IdentifierRole.CONTEXT,
            context_key="process",
            rule=_process,
            scope_rule=_context_scope,
            tier=1,
            source="Peppol Policy for Identifiers 4.4; case-sensitive",
            examples=(
                Example(_BILLING, None, f"cenbii-procid-ubl::{_BILLING}"),
                Example("busdox:noprocess", None, "busdox-procid-transport::busdox:noprocess"),
            ),
            counterexamples=(Example("two words"), Example(_BILLING, "a::b"), Example("x" * 201)),
        ),
    ),
    protocols=(
        Protocol(
            name="smp",
            label="Service metadata publisher",
            check=check_url,
            default_profile="smp.default",
            examples=("https://smp.example/iso6523-actorid-upis::0192:991825827",),
            counterexamples=("smp.example",),
        ),
    ),
    profiles=(
        Profile(
            name="peppol-transport-as4-v2_0",
            protocol="as4",
            label="Peppol AS4 profile 2",
            source="Peppol code list of transport profiles 9.7; Peppol AS4 profile 2.0.3",
            qos=Qos(retries=3, receiptsRequired=True, ordering="none"),
            failure_policy=FailurePolicy(retry=3, backoff="exponential", circuitBreak=True),
            sign_required=True,
            encrypt_required=True,
            algorithms={
                "sign": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "digest": "http://www.w3.org/2001/04/xmlenc#sha256",
                "encrypt": "http://www.w3.org/2009/xmlenc11#aes128-gcm",
                "keyTransport": "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            },
        ),
        Profile(
            name="smp.default",
            protocol="smp",
            label="Metadata over HTTP",
            source="Peppol SMP 1.4",
            qos=Qos(retries=2, receiptsRequired=False, ordering="none"),
            failure_policy=FailurePolicy(retry=2, backoff="exponential", circuitBreak=True),
        ),
    ),
    equivalences=(
        Equivalence(
            left="as4.partyId",
            right="peppol.participantId",
            to_right=_from_as4,
            to_left=_to_as4,
            source="directory.md §2, equivalences",
        ),
    ),
)
