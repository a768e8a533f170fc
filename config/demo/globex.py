"""Globex Telecom & Invoicing: signalling by global title, invoices through Peppol access points."""

from stdnum import ean, luhn

from config.demo.parties import Ability, Address, Book, Check, Key, Name, Party, Rule, Ruling, Table
from directory.enums import (
    ArtifactKind,
    CredentialType,
    EndpointStatus,
    ParticipantKind,
    PolicyEffect,
    PrefixMode,
)

Operator = tuple[str, str, str, str, str, str]

PHONE_NUMBER = "+46701234567"
PEPPOL_PROFILE = "peppol-transport-as4-v2_0"
_INVOICE = (
    "busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice"
    "##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
)
_CREDIT_NOTE = _INVOICE.replace("Invoice", "CreditNote")
_BILLING = "cenbii-procid-ubl::urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

# Access points: key, name, country. Companies are spread over them.
_ACCESS_POINTS = (
    ("ap-globex", "Globex Access Point", "SE"),
    ("ap-fjord", "Fjord Dokument", "NO"),
    ("ap-baltic", "Baltic e-Invoicing", "EE"),
)
# First nine digits of an organisation number, short name, name; the check digit is computed.
_SWEDISH = (
    ("556900101", "norrsken", "Norrsken Logistik AB"),
    ("556900102", "fjallbacken", "Fjällbäcken Frakt AB"),
    ("556900103", "solstrale", "Solstråle Energi AB"),
    ("556900104", "granit", "Granit Bygg AB"),
    ("556900105", "havsvik", "Havsvik Fisk AB"),
    ("556900106", "bjorkdal", "Björkdal Möbler AB"),
    ("556900107", "stalverk", "Mälardalens Stålverk AB"),
    ("556900108", "kornet", "Kornet Bageri AB"),
    ("556900109", "lykta", "Lykta Elektronik AB"),
    ("556900110", "vindkraft", "Östersjöns Vindkraft AB"),
    ("556900111", "tryckeri", "Söderby Tryckeri AB"),
    ("556900112", "apotek", "Apoteksgrossisten Nord AB"),
    ("212000100", "kommun", "Exempelby kommun"),
    ("202100200", "myndighet", "Exempelmyndigheten"),
)
# First twelve digits of a location number, short name, name, country.
_LOCATIONS = (
    ("735000100001", "grossist", "Grossisten i Exempelby AB", "SE"),
    ("735000100002", "livs", "Livs & Lager AB", "SE"),
    ("570000100003", "havn", "Eksempel Havn A/S", "DK"),
    ("643000100004", "satama", "Esimerkki Satama Oy", "FI"),
    ("400000100005", "hafen", "Beispiel Hafen GmbH", "DE"),
    ("871000100006", "haven", "Voorbeeld Haven B.V.", "NL"),
)
# Short name, name, country, MCC and MNC, point code, prefix of its hosted numbers.
_OPERATORS: tuple[Operator, ...] = (
    ("globex-mobile-se", "Globex Mobile Sweden", "SE", "24099", "2-100-4", "4676"),
    ("globex-mobile-no", "Globex Mobile Norway", "NO", "24299", "2-101-1", "479"),
    ("globex-mobile-fi", "Globex Mobile Finland", "FI", "24499", "2-102-1", "35845"),
    ("globex-mobile-dk", "Globex Mobile Denmark", "DK", "23899", "2-103-1", "4520"),
)
_MSISDN_SERVICES = (
    ("sms-gateway", "SMS Gateway", "+46769000001", "2-100-4/8"),
    ("voicemail", "Voicemail", "+46769000002", "2-100-4/8"),
    ("two-factor", "One-time Code Service", "+46769000003", "2-100-4/8"),
)


def _keys(access_point: str) -> tuple[Key, ...]:
    host = f"{access_point}.example"
    return (
        Key(CredentialType.SIGN, f"azurekv://{access_point}/keys/sign", subject=host),
        Key(CredentialType.ENCRYPT, f"azurekv://{access_point}/keys/encrypt", subject=host),
    )


def _access_point(key: str, name: str, country: str) -> Party:
    return Party(
        key=key,
        name=name,
        kind=ParticipantKind.NODE,
        country=country,
        tags=("access point",),
        names=(Name("as4.partyId", f"POP-{key.upper()}", "urn:fdc:peppol.eu:2017:identifiers:ap"),),
        addresses=(
            Address("as4", f"https://{key}.example/as4", PEPPOL_PROFILE, priority=60, is_published=True),
            Address("smp", f"https://smp.{key}.example/", "smp.default", priority=10),
        ),
        keys=(*_keys(key), Key(CredentialType.TLS, f"azurekv://{key}/keys/tls", subject=f"{key}.example")),
    )


def _recipient(key: str, name: str, country: str, participant: str, access_point: str) -> Party:
    """A company that takes invoices and credit notes; its number is known to AS4 as well, by equivalence."""
    return Party(
        key=key,
        name=name,
        country=country,
        tags=("peppol", "invoicing"),
        names=(Name("peppol.participantId", participant),),
        addresses=(Address("as4", f"https://{access_point}.example/as4", PEPPOL_PROFILE),),
        abilities=(
            Ability(process=_BILLING, document_type=_INVOICE),
            Ability(process=_BILLING, document_type=_CREDIT_NOTE),
        ),
        keys=_keys(access_point),
        verified_days_ago=3,
    )


def _recipients() -> tuple[Party, ...]:
    swedish = [
        (f"0007:{digits}{luhn.calc_check_digit(digits)}", short, name, "SE")
        for digits, short, name in _SWEDISH
    ]
    located = [
        (f"0088:{digits}{ean.calc_check_digit(digits)}", short, name, country)
        for digits, short, name, country in _LOCATIONS
    ]
    return tuple(
        _recipient(short, name, country, participant, _ACCESS_POINTS[index % len(_ACCESS_POINTS)][0])
        for index, (participant, short, name, country) in enumerate([*swedish, *located])
    )


_GS1_EXAMPLE = Party(
    key="gs1-example",
    name="Example Trading Company",
    country="GB",
    tags=("peppol", "example"),
    notes="Known to AS4 and to Peppol by one number: either finds it.",
    names=(Name("peppol.participantId", "0088:123456789"), Name("as4.partyId", "0088:123456789")),
    addresses=(Address("as4", "https://ap-globex.example/as4", PEPPOL_PROFILE),),
    keys=_keys("ap-globex"),
)
_NODES = (
    Party(
        key="stp-stockholm",
        name="Signalling transfer point Stockholm",
        kind=ParticipantKind.NODE,
        country="SE",
        tags=("stp",),
        names=(Name("pc", "2-100-1", "itu-3-8-3/intl"), Name("gt", "46700000001")),
        addresses=(Address("ss7", "2-100-1", "ss7.default", priority=60),),
    ),
    Party(
        key="stp-goteborg",
        name="Signalling transfer point Göteborg",
        kind=ParticipantKind.NODE,
        country="SE",
        tags=("stp",),
        names=(Name("pc", "2-100-2", "itu-3-8-3/intl"), Name("gt", "46700000002")),
        addresses=(
            Address("ss7", "2-100-2", "ss7.default", priority=60),
            Address(
                "ss7", "stp2.globex.example:2905", "ss7.default", 80, EndpointStatus.DRAINING, until_days=90
            ),
        ),
    ),
    Party(
        key="hlr-stockholm",
        name="Home location register Stockholm",
        kind=ParticipantKind.NODE,
        country="SE",
        tags=("hlr",),
        names=(Name("pc", "2-100-3", "itu-3-8-3/intl"), Name("gt", "46700000003")),
        addresses=(
            Address("ss7", "2-100-3/6", "ss7.default", priority=60),
            Address("ss7", "2-100-3/8", "ss7.default", priority=50),
        ),
        abilities=(Ability(service="map", constraints={"ssn": ["6", "8"]}),),
    ),
    Party(
        key="stp-old",
        name="Signalling transfer point Malmö (taken down)",
        kind=ParticipantKind.NODE,
        country="SE",
        tags=("stp",),
        names=(Name("pc", "2-100-7", "itu-3-8-3/intl"),),
        addresses=(Address("ss7", "2-100-7", "ss7.default", status=EndpointStatus.INACTIVE),),
    ),
)


def _operator(row: Operator) -> Party:
    short, name, country, network, point_code, prefix = row
    return Party(
        key=short,
        name=name,
        country=country,
        tags=("operator", "own"),
        names=(
            Name("mccmnc", network),
            Name("pc", point_code, "itu-3-8-3/intl"),
            Name("gt", f"{prefix}0000001"),
        ),
        addresses=(Address("ss7", f"{point_code}/8", "ss7.default"),),
    )


def _service(short: str, name: str, number: str, address: str) -> Party:
    return Party(
        key=short,
        name=name,
        kind=ParticipantKind.SERVICE,
        country="SE",
        tags=("service",),
        names=(Name("e164", number),),
        addresses=(Address("ss7", address, "ss7.default"),),
    )


_TITLES = (
    Rule("46", "ss7", "2-100-1", "stp-stockholm"),
    Rule("4670", "ss7", "2-100-2", "stp-goteborg"),
    Rule("467012", "ss7", "2-100-3/8", "hlr-stockholm"),
    Rule("4676", "ss7", "2-100-4/8", "globex-mobile-se"),
    Rule("4673", "ss7", "2-100-1", "stp-stockholm", PrefixMode.LOADSHARE, weight=60),
    Rule("4673", "ss7", "2-100-2", "stp-goteborg", PrefixMode.LOADSHARE, weight=40),
    Rule("4672", "ss7", "2-100-1", "stp-stockholm", PrefixMode.DOMINANT, priority=20),
    Rule("4672", "ss7", "2-100-2", "stp-goteborg", PrefixMode.DOMINANT, priority=10),
    Rule("47", "ss7", "2-101-1/8", "globex-mobile-no", tt=0, np=1, nai=4),
    Rule("358", "ss7", "2-102-1/8", "globex-mobile-fi", tt=0, np=1, nai=4),
    Rule("45", "ss7", "2-103-1/8", "globex-mobile-dk", tt=0, np=1, nai=4),
    Rule("44", "ss7", "2-100-1", "stp-stockholm", range_text="44"),
    Rule("49", "ss7", "2-100-1", "stp-stockholm", result={"digits": "49", "routing_indicator": "gt"}),
)
_RULINGS = (
    Ruling(
        "no-ss7-after-hours",
        {
            "all": [
                {"attr": "endpoint.protocol", "op": "eq", "value": "ss7"},
                {"attr": "request.service", "op": "eq", "value": "sms.bulk"},
                {"attr": "time.hour", "op": "gte", "value": 22},
            ]
        },
        PolicyEffect.DENY,
        100,
        "Bulk messages wait until morning.",
    ),
    Ruling(
        "invoices-to-partners-only",
        {
            "all": [
                {"attr": "participant.tags", "op": "in", "value": ["peppol"]},
                {
                    "attr": "participant.country",
                    "op": "not_in",
                    "value": ["SE", "NO", "DK", "FI", "DE", "NL", "GB"],
                },
            ]
        },
        PolicyEffect.DENY,
        50,
        "Invoicing is agreed for northern Europe.",
    ),
)
_EXAMPLE_ANSWER = {
    "primary": {"target_protocol": "as4", "target_address": "https://ap-globex.example/as4"},
}
_CHECKS = (
    Check(
        "longest prefix of a phone number",
        {"identifiers": [{"type": "e164", "value": PHONE_NUMBER}]},
        {"primary": {"target_protocol": "ss7", "target_address": "2-100-3/8"}},
    ),
    Check(
        "company by Peppol number",
        {"identifiers": [{"type": "peppol.participantId", "value": "0088:123456789"}]},
        _EXAMPLE_ANSWER,
    ),
    Check(
        "company by AS4 party id",
        {"identifiers": [{"type": "as4.partyId", "value": "0088:123456789"}]},
        _EXAMPLE_ANSWER,
    ),
)

BOOK = Book(
    parties=(
        *_NODES,
        *(_operator(row) for row in _OPERATORS),
        *(_service(*row) for row in _MSISDN_SERVICES),
        *(_access_point(*row) for row in _ACCESS_POINTS),
        _GS1_EXAMPLE,
        *_recipients(),
    ),
    twins=(),
    tables=(Table(ArtifactKind.GTT_TABLE, "international", rules=_TITLES),),
    rulings=_RULINGS,
    checks=_CHECKS,
)
