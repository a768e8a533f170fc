"""The rail of AS4: parties by any party id type, and the parts of an ebMS3 header that a route depends on.

Source: OASIS ebMS 3.0 Core; OASIS AS4 1.0; OASIS ebCore Party Id Type 1.0.
"""

import re
import unicodedata

from directory.rails.addresses import check_https_url
from directory.rails.icd import CODE_SHAPE, check_icd_value
from directory.rails.iso20022 import normalize_bic, normalize_lei
from directory.rails.kinds import (
    Canonical,
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

_EBCORE = r"(?ai:urn:oasis:names:tc:ebcore:partyid-type:iso6523):([0-9]{4})"
_EBCORE_ICD = re.compile(_EBCORE)
_EBCORE_VALUE = re.compile(_EBCORE + r":(.+)")
_ICD_VALUE = re.compile(r"([0-9]{4}):(.+)")


def _party_scope(scope: str) -> str:
    """Return the party id type; the ways to write BIC, LEI and an ISO 6523 code fold into one each."""
    if scope.upper() in {"BIC", "LEI"} and scope.isascii():
        return scope.upper()
    urn = _EBCORE_ICD.fullmatch(scope)
    return urn.group(1) if urn else unicodedata.normalize("NFC", scope)


def _party(value: str, scope: str) -> Canonical:
    if scope == "BIC":
        return normalize_bic(value, scope)
    if scope == "LEI":
        return normalize_lei(value, scope)
    icd, number = _carried_icd(value, scope)
    if not icd:
        return Canonical(unicodedata.normalize("NFC", value), scope)
    return check_icd_value(icd, number)


def _carried_icd(value: str, scope: str) -> tuple[str, str]:
    """Return the ISO 6523 code and the number, from the value or the scope; ``("", "")`` for none."""
    scoped = CODE_SHAPE.fullmatch(scope) is not None
    if scope and not scoped:
        return "", ""
    carried = _EBCORE_VALUE.fullmatch(value) or _ICD_VALUE.fullmatch(value)
    if carried is None:
        return (scope, value) if scoped else ("", "")
    icd, number = carried.groups()
    if scoped and icd != scope:
        raise Refusal(f"contradicts the code {icd} that the value carries; give one of them", field="scope")
    return icd, number


def _party_display(normalized: str, scope: str) -> str:
    return f"{scope}:{normalized}" if CODE_SHAPE.fullmatch(scope) else normalized


def _party_tier(scope: str) -> int:
    return 0 if scope in {"BIC", "LEI"} else 1


def _text(value: str, scope: str) -> Canonical:
    return Canonical(unicodedata.normalize("NFC", value), scope)


def _context(name: str, label: str, context_key: str, example: str) -> IdentifierType:
    return IdentifierType(
        name=name,
        rail="as4",
        label=label,
        role=IdentifierRole.CONTEXT,
        context_key=context_key,
        rule=_text,
        tier=1,
        source="OASIS ebMS 3.0 Core §5.2; trimmed, case kept",
        examples=(Example(f" {example} ", None, example),),
        counterexamples=(Example(" "), Example("a\x00b"), Example(example, "any")),
    )


RAIL = Rail(
    name="as4",
    label="AS4",
    identifier_types=(
        IdentifierType(
            name="as4.partyId",
            rail="as4",
            label="AS4 party",
            rule=_party,
            scope_rule=_party_scope,
            tier=1,
            tier_rule=_party_tier,
            display=_party_display,
            source="OASIS ebMS 3.0 Core §5.2.2.4; scope is the party id type",
            examples=(
                Example("BANKUS33", "BIC", "BANKUS33XXX"),
                Example("213800KUD8LAJWSQ9D15", "lei", "213800KUD8LAJWSQ9D15"),
                Example("0088:123456789", None, "123456789"),
                Example("123456789", "0088", "123456789"),
                Example("123456789", "urn:oasis:names:tc:ebcore:partyid-type:iso6523:0088", "123456789"),
                Example("urn:oasis:names:tc:ebcore:partyid-type:iso6523:0088:123456789", None, "123456789"),
                Example(" Warehouse-7 ", "urn:partners", "Warehouse-7"),
            ),
            counterexamples=(
                Example("BANKUS3", "BIC"),
                Example("213800KUD8LAJWSQ9D16", "LEI"),
                Example("0088:123456789", "0192"),
                Example("12345678X", "0192"),
                Example("\u202eparty"),
            ),
        ),
        _context(
            "as4.role",
            "AS4 role",
            "role",
            "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/initiator",
        ),
        _context("as4.service", "AS4 service", "service", "iso20022.fi"),
        _context("as4.action", "AS4 action", "action", "credit.transfer"),
        _context("as4.mpc", "AS4 message partition channel", "mpc", "urgent"),
    ),
    protocols=(
        Protocol(
            name="as4",
            label="AS4",
            check=check_https_url,
            default_profile="as4.default",
            examples=("https://as4.bankus.com/fi",),
            counterexamples=("http://as4.bankus.com/fi", "as4.bankus.com", "https://", "https://a b/"),
        ),
    ),
    profiles=(
        Profile(
            name="as4.default",
            protocol="as4",
            label="AS4 without a rule book",
            source="OASIS AS4 1.0: reliability by receipts; security is agreed between the partners",
            qos=Qos(retries=3, receiptsRequired=True, ordering="none"),
            failure_policy=FailurePolicy(retry=3, backoff="exponential", circuitBreak=True),
        ),
    ),
)
