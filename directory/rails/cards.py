"""The rail of payment cards: bank identification numbers, confidential numbers of merchants and acquirers.

A card number is never stored, logged or repeated: what may be one is refused, and no message of this rail
holds the value that it refuses.
Source: ISO/IEC 7812-1, ISO 8583:1987 fields 32, 41 and 42; PCI DSS 3.
"""

import re

from directory.rails.addresses import check_host_port
from directory.rails.card_numbers import may_be_card_number, passes_luhn
from directory.rails.kinds import (
    Canonical,
    Example,
    FailurePolicy,
    IdentifierType,
    Profile,
    Protocol,
    Qos,
    Rail,
    Refusal,
    Rule,
)
from directory.rails.text import count_digits

_BIN = re.compile(r"[0-9]{6,8}")
_SCOPE = re.compile(r"[A-Za-z0-9._-]{1,32}")
# Card numbers short enough to fit a field of 15 characters: American Express, Diners Club, early Visa.
_SHORT_CARD = re.compile(r"3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|4[0-9]{12}")
_REFUSED_AS_CARD = (
    "may be a card number, which is never stored; give the bank identification number, 6 to 8 digits"
)


def _guard_bin(given: str) -> None:
    if count_digits(given) > 8:
        raise Refusal(_REFUSED_AS_CARD, code="possible_card_number")


def _bin(value: str, scope: str) -> Canonical:
    if not _BIN.fullmatch(value):
        raise Refusal("is no bank identification number; give 6 to 8 digits and nothing else")
    return Canonical(value, scope)


def _is_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]", "", text)
    if _SHORT_CARD.fullmatch(digits):
        return passes_luhn(digits)
    return count_digits(text) > 15 and may_be_card_number(text)


def _guard_number(given: str) -> None:
    if _is_card(given):
        raise Refusal("may be a card number, which is never stored", code="possible_card_number")


def _number(pattern: str, form: str) -> Rule:
    shape = re.compile(pattern)

    def rule(value: str, scope: str) -> Canonical:
        if not shape.fullmatch(value):
            raise Refusal(f"is malformed; give {form}")
        return Canonical(value, scope)

    return rule


def _scope(scope: str) -> str:
    if not _SCOPE.fullmatch(scope):
        raise Refusal(
            "is malformed; give up to 32 letters, digits and . _ - naming the network", field="scope"
        )
    return scope


def _confidential(name: str, label: str, rule: Rule, source: str, example: str) -> IdentifierType:
    return IdentifierType(
        name=name,
        rail="cards",
        label=label,
        guard=_guard_number,
        rule=rule,
        scope_rule=_scope,
        tier=2,
        echo=False,
        global_allowed=False,
        source=source,
        examples=(Example(example, None, example), Example(example, "acquirer-1", example)),
        counterexamples=(
            Example("4111 1111 1111 1111"),
            Example("x" * 64),
            Example("a\x00b"),
            Example(example, "a b"),
        ),
    )


RAIL = Rail(
    name="cards",
    label="Payment cards",
    identifier_types=(
        IdentifierType(
            name="pan.bin",
            rail="cards",
            label="Bank identification number (BIN)",
            guard=_guard_bin,
            rule=_bin,
            tier=0,
            echo=False,
            prefix_artifact_kinds=("bin_table",),
            source="ISO/IEC 7812-1; PCI DSS 3.4 for what may be kept",
            examples=(Example("411111", None, "411111"), Example("41111122", None, "41111122")),
            counterexamples=(
                Example("41111"),
                Example("411111222"),
                Example("4111 1111 1111 1111"),
                Example("\uff14" + "\uff11" * 15),
                Example("\uff14" + "\uff11" * 5),
                Example("card 4111-1111-1111-1111"),
            ),
        ),
        _confidential(
            "mid",
            "Merchant number",
            _number(r"[A-Za-z0-9._-]{1,15}", "1 to 15 letters, digits and . _ -"),
            "the acquirer's own number, carried in ISO 8583 field 42",
            "MERCHANT001",
        ),
        _confidential(
            "tid",
            "Terminal number",
            _number(r"[!-~]{1,8}", "1 to 8 printable characters without spaces"),
            "ISO 8583:1987 field 41, card acceptor terminal identification (ans 8)",
            "TERM0001",
        ),
        _confidential(
            "caid",
            "Card acceptor",
            _number(r"[!-~](?:[ -~]{0,13}[!-~])?", "1 to 15 printable characters"),
            "ISO 8583:1987 field 42, card acceptor identification code (ans 15)",
            "SHOP 42 STORE 7",
        ),
        _confidential(
            "processorId",
            "Processor",
            _number(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", "1 to 32 letters, digits and . _ -"),
            "the processor's own number",
            "processor-7",
        ),
        _confidential(
            "acquirerId",
            "Acquiring institution",
            _number(r"[0-9]{1,11}", "1 to 11 digits"),
            "ISO 8583:1987 field 32, acquiring institution identification code (n ..11)",
            "00012345678",
        ),
    ),
    protocols=(
        Protocol(
            name="iso8583",
            label="ISO 8583 over TCP",
            check=check_host_port,
            default_profile="iso8583.default",
            examples=("auth.example:5000", "[2001:db8::1]:5000"),
            counterexamples=("auth.example", "auth.example:0", "auth.example:65536", "2001:db8::1:5000"),
        ),
    ),
    profiles=(
        Profile(
            name="iso8583.default",
            protocol="iso8583",
            label="ISO 8583 authorisation",
            source="ISO 8583:1987: a request without an answer is reversed, not repeated",
            qos=Qos(retries=0, receiptsRequired=True, ordering="none"),
            failure_policy=FailurePolicy(retry=0, backoff="none", circuitBreak=True),
        ),
    ),
)
