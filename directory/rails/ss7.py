"""The rail of SS7: numbers, global titles, point codes and subsystems.

Source: ITU-T E.164, E.212, Q.704, Q.713; ANSI T1.111, T1.112.
"""

import functools
import re
from collections.abc import Mapping

import phonenumbers
from stdnum import numdb

from directory.rails.addresses import check_host, check_host_port
from directory.rails.globaltitles import (
    INTERNATIONAL,
    normalize_title,
    normalize_title_scope,
    select_on_title,
)
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
from directory.rails.pointcodes import normalize_pc_scope, parse_point_code, show_point_code

_E164 = re.compile(r"\+[1-9][0-9]{0,14}")
_FORMATTED = re.compile(r"\+[0-9 ()./-]+")
_VISUAL_SEPARATORS = re.compile(r"[ ()./-]")
_TRUNK_ZERO = re.compile(r"\( ?0 ?\)")
_SMALL_NUMBER = re.compile(r"[0-9]{1,3}")
_MCC_MNC = re.compile(r"([0-9]{3})-?([0-9]{2,3})")


def _e164(value: str, scope: str) -> Canonical:
    text = value[4:] if value[:4].lower() == "tel:" else value
    number = text if _E164.fullmatch(text) else _without_format(text)
    if not _E164.fullmatch(number):
        raise Refusal(
            "is no E.164 number; give + and 1 to 15 digits with the country code, such as +46701234567"
        )
    return Canonical(number, scope)


def _without_format(text: str) -> str:
    """Return a written number without its separators; ``""`` when it holds more than those."""
    if not _FORMATTED.fullmatch(text):
        return ""
    if _TRUNK_ZERO.search(text):
        return _without_trunk_zero(text)
    return _VISUAL_SEPARATORS.sub("", text)


def _without_trunk_zero(text: str) -> str:
    # Which countries keep the zero (Italy does) is knowledge of the numbering plans.
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _e164_selectors(_scope: str) -> Mapping[str, int]:
    return select_on_title(INTERNATIONAL)


def _pc(value: str, scope: str) -> Canonical:
    return Canonical(str(parse_point_code(value, scope)), scope)


def _ssn(value: str, scope: str) -> Canonical:
    if not _SMALL_NUMBER.fullmatch(value) or int(value) > 255:
        raise Refusal("is no subsystem number; give 0 to 255")
    return Canonical(str(int(value)), scope)


def _mccmnc(value: str, scope: str) -> Canonical:
    found = _MCC_MNC.fullmatch(value)
    if found is None:
        raise Refusal(
            "is no mobile network; give the country code (3 digits) and the network code (2 or 3 digits)"
        )
    mcc, mnc = found.groups()
    if mcc not in _known_mccs():
        raise Refusal(
            f"has the mobile country code {mcc}, which ITU-T E.212 does not assign; check the first 3 digits"
        )
    return Canonical(mcc + mnc, scope)


@functools.cache
def _known_mccs() -> frozenset[str]:
    plan = numdb.get("imsi")
    # Any information on the first three digits means that the code is assigned or shared.
    return frozenset(f"{n:03}" for n in range(1000) if len(plan.split(f"{n:03}0000000")) > 1)


def _check_signalling_point(address: str) -> str:
    """Check ``PC`` or ``PC/SSN`` (integer, dashed or dotted), ``host`` or ``host:port``."""
    code, slash, ssn = address.partition("/")
    if re.fullmatch(r"[0-9]+([.-][0-9]+){0,3}", code) and not _looks_like_ip(code):
        if slash and (not _SMALL_NUMBER.fullmatch(ssn) or int(ssn) > 255):
            return "has no valid subsystem after the slash; give 0 to 255"
        return _check_point_code(code)
    if slash:
        return "is no point code before the slash; give it as an integer or as 2-100-3"
    return check_host_port(address) if ":" in address else check_host(address)


def _looks_like_ip(code: str) -> bool:
    return code.count(".") == 3 and not check_host(code)


def _check_point_code(code: str) -> str:
    parts = re.split(r"[.-]", code)
    limit = 255 if len(parts) > 1 else 2**24 - 1
    if any(len(part) > 8 or int(part) > limit for part in parts):
        return "is no point code; an integer has at most 24 bits, a component at most 8"
    return ""


def _e164_to_gt(_scope: str, normalized: str) -> tuple[str, str]:
    return INTERNATIONAL, normalized.removeprefix("+")


def _gt_to_e164(scope: str, normalized: str) -> tuple[str, str] | None:
    return ("", f"+{normalized}") if scope == INTERNATIONAL and normalized[0] != "0" else None


RAIL = Rail(
    name="ss7",
    label="SS7",
    identifier_types=(
        IdentifierType(
            name="e164",
            rail="ss7",
            label="Telephone number",
            rule=_e164,
            tier=1,
            prefix_artifact_kinds=("gtt_table", "number_range"),
            selectors=_e164_selectors,
            source="ITU-T E.164; ranges that a numbering plan calls invalid are kept",
            examples=(
                Example("+46701234567", None, "+46701234567"),
                Example("+46 70-123 45 67", None, "+46701234567"),
                Example("tel:+46-70-123-45-67", None, "+46701234567"),
                Example("+46 (0)70 123 45 67", None, "+46701234567"),
                Example("+39 (0)6 1234", None, "+39061234"),
                Example("+999", None, "+999"),
            ),
            counterexamples=(
                Example("46701234567"),
                Example("+"),
                Example("+0701234567"),
                Example("+1234567890123456"),
                Example("+46 70 FLOWERS"),
                Example("+\uff146701234567"),
            ),
        ),
        IdentifierType(
            name="gt",
            rail="ss7",
            label="Global title",
            rule=normalize_title,
            scope_rule=normalize_title_scope,
            default_scope=INTERNATIONAL,
            tier=1,
            prefix_artifact_kinds=("gtt_table",),
            selectors=select_on_title,
            source="ITU-T Q.713 §3.4.2.3; scope holds gti, tt, np and nai",
            examples=(
                Example("46701234567", None, "46701234567"),
                Example("46701234567", "nai=4; np=1", "46701234567"),
                Example("24001", "gti=2;tt=9", "24001"),
            ),
            counterexamples=(
                Example("+46701234567"),
                Example("1234567890123456"),
                Example("4670", "np=16"),
                Example("4670", "gti=0"),
                Example("4670", "gti=2;np=1"),
                Example("4670", "tt=1;tt=2"),
                Example("4670", "ssn=6"),
            ),
        ),
        IdentifierType(
            name="pc",
            rail="ss7",
            label="Point code",
            rule=_pc,
            scope_rule=normalize_pc_scope,
            default_scope="itu-3-8-3/intl",
            display=show_point_code,
            tier=1,
            source="ITU-T Q.704 and Q.708, ANSI T1.111; scope is format/network indicator",
            examples=(
                Example("2-100-3", None, "4899"),
                Example("4899", "itu-14/nat", "4899"),
                Example("245.16.8", "ansi-8-8-8/nat", "16060424"),
            ),
            counterexamples=(
                Example("8-0-0"),
                Example("16384"),
                Example("1-2", "ansi-8-8-8/nat"),
                Example("1-2-3", "itu-14/nat"),
                Example("1-2.3"),
                Example("1", "itu-3-8-3"),
            ),
        ),
        IdentifierType(
            name="ssn",
            rail="ss7",
            label="Subsystem number",
            role=IdentifierRole.CONTEXT,
            context_key="ssn",
            rule=_ssn,
            tier=1,
            source="ITU-T Q.713 §3.4.2.2",
            examples=(Example("6", None, "6"), Example("008", None, "8")),
            counterexamples=(Example("256"), Example("-1"), Example("6.0")),
        ),
        IdentifierType(
            name="mccmnc",
            rail="ss7",
            label="Mobile network",
            rule=_mccmnc,
            tier=1,
            source="ITU-T E.212",
            examples=(Example("24001", None, "24001"), Example("310-410", None, "310410")),
            counterexamples=(Example("2400"), Example("99901234"), Example("00001"), Example("24 001")),
        ),
    ),
    protocols=(
        Protocol(
            name="ss7",
            label="SS7",
            check=_check_signalling_point,
            default_profile="ss7.default",
            examples=("2-100-3/8", "4899", "245.16.8/6", "stp1.example", "stp1.example:2905", "192.0.2.7"),
            counterexamples=("2-100-3/256", "256-1-1", "16777216", "host name", "x/8"),
        ),
    ),
    profiles=(
        Profile(
            name="ss7.default",
            protocol="ss7",
            label="SCCP over MTP3",
            source="ITU-T Q.704 §14.2.1: service indicator 3 is SCCP",
            qos=Qos(retries=0, receiptsRequired=False, ordering="none"),
            failure_policy=FailurePolicy(retry=0, backoff="none", circuitBreak=False),
            service_indicator="SCCP",
        ),
    ),
    equivalences=(
        Equivalence(
            left="e164",
            right="gt",
            to_right=_e164_to_gt,
            to_left=_gt_to_e164,
            source="directory.md §2, equivalences; translation type 0",
        ),
    ),
)
