"""Acme Bank: payments to correspondents over AS4, card authorisation, and the merchants it acquires for."""

from config.demo.parties import Ability, Address, Book, Check, Key, Name, Party, Rule, Ruling, Table, Twin
from directory.enums import ArtifactKind, CredentialType, EndpointStatus, ParticipantKind, PolicyEffect
from directory.rails.iso20022 import BASE_PROFILE, SERVICE

BANKUS_LEI = "549300BANKUS33DEMO23"
ACME_LEI = "549300ACMEBANKSE0116"
KNOWN_BIC = "NDEASESS"  # a correspondent
GLOBAL_ONLY_BIC = "ABNANL2A"  # in the bank registries, and no correspondent: recognised, not routable

# BIC, short name for host and key, country: real banks, all in the national bank registries.
_CORRESPONDENTS = (
    ("NDEASESS", "Nordea Sweden", "nordea-se", "SE"),
    ("HANDSESS", "Handelsbanken", "handelsbanken", "SE"),
    ("SWEDSESS", "Swedbank", "swedbank", "SE"),
    ("ESSESESS", "SEB", "seb", "SE"),
    ("NDEAFIHH", "Nordea Finland", "nordea-fi", "FI"),
    ("OKOYFIHH", "OP Corporate Bank", "op", "FI"),
    ("DNBANOKK", "DNB Bank", "dnb", "NO"),
    ("DABADKKK", "Danske Bank", "danske", "DK"),
    ("DEUTDEFF", "Deutsche Bank", "deutsche", "DE"),
    ("COBADEFF", "Commerzbank", "commerzbank", "DE"),
    ("BNPAFRPP", "BNP Paribas", "bnp", "FR"),
    ("INGBNL2A", "ING", "ing", "NL"),
    ("RABONL2U", "Rabobank", "rabobank", "NL"),
    ("KREDBEBB", "KBC", "kbc", "BE"),
    ("BARCGB22", "Barclays", "barclays", "GB"),
    ("HSBCGB2L", "HSBC", "hsbc", "GB"),
    ("BCITITMM", "Intesa Sanpaolo", "intesa", "IT"),
)
_TARGET2_COUNTRIES = {"FI", "DE", "FR", "NL", "BE", "IT"}
_TAGS_BY_COUNTRY = {"rtgs": _TARGET2_COUNTRIES, "nordic": frozenset({"DK", "FI", "IS", "NO", "SE"})}
_ACTIONS = ("credit.transfer", "fi.credit.transfer", "payment.status", "payment.cancellation")

# Merchant number, terminal number, name: confidential, so the rows show none of them in clear.
_MERCHANTS = (
    ("ACMEM0010001", "T0010001", "Bokhandeln vid Torget"),
    ("ACMEM0010002", "T0010002", "Kafé Nordstjärnan"),
    ("ACMEM0010003", "T0010003", "Lindqvist Järnhandel"),
    ("ACMEM0010004", "T0010004", "Skärgårdens Livs"),
    ("ACMEM0010005", "T0010005", "Cykelverkstan Ekot"),
    ("ACMEM0010006", "T0010006", "Hotell Björken"),
    ("ACMEM0010007", "T0010007", "Apotek Lejonet"),
    ("ACMEM0010008", "T0010008", "Optik Klara"),
)
_CORPORATES = (
    ("norrsken-logistik", "Norrsken Logistik AB", "SE"),
    ("fjallbacken-frakt", "Fjällbäcken Frakt AB", "SE"),
    ("hansa-papier", "Hansa Papier GmbH", "DE"),
    ("polder-pumps", "Polder Pumps B.V.", "NL"),
    ("oresund-energi", "Øresund Energi A/S", "DK"),
    ("tammer-forest", "Tammer Forest Oy", "FI"),
)


def _correspondent(bic: str, name: str, short: str, country: str) -> Party:
    host = f"https://as4.{short}.example"
    addresses = [Address("as4", f"{host}/fi", BASE_PROFILE, priority=60, is_published=True)]
    if country in _TARGET2_COUNTRIES:
        addresses.append(Address("as4", f"{host}/target2", f"{BASE_PROFILE}.target2", priority=50))
    if short == "seb":  # moving house: the earlier address takes what the new one does not
        addresses.append(
            Address("as4", f"{host}/legacy", BASE_PROFILE, 80, EndpointStatus.DRAINING, until_days=60)
        )
    if short == "barclays":
        addresses.append(Address("as4", f"{host}/old", BASE_PROFILE, 90, EndpointStatus.INACTIVE))
    return Party(
        key=short,
        name=name,
        country=country,
        tags=(
            "correspondent",
            *(tag for tag, countries in _TAGS_BY_COUNTRY.items() if country in countries),
        ),
        names=(Name("as4.partyId", bic, "BIC", priority=10),),
        addresses=tuple(addresses),
        abilities=tuple(Ability(SERVICE, action) for action in _ACTIONS),
        keys=(
            Key(CredentialType.SIGN, f"vault://certs/{short}/sign", subject=f"as4.{short}.example"),
            Key(CredentialType.ENCRYPT, f"vault://certs/{short}/encrypt", subject=f"as4.{short}.example"),
        ),
        same_as_bic=bic.ljust(11, "X"),
        verified_days_ago=len(short),
    )


_ACME = Party(
    key="acme",
    name="Acme Bank",
    kind=ParticipantKind.NODE,
    country="SE",
    tags=("own",),
    notes="Our own access point: what correspondents send to us arrives here.",
    names=(Name("bic", "ACMESESS"), Name("as4.partyId", ACME_LEI, "LEI"), Name("bank.code", "9999", "SE")),
    addresses=(
        Address("as4", "https://as4.acme.example/fi", BASE_PROFILE, priority=60, is_published=True),
        Address("mq", "ACME.QM/PAYMENTS.IN", "mq.default", priority=40),
    ),
    abilities=(Ability(SERVICE),),
    keys=(
        Key(CredentialType.SIGN, "vault://certs/acme/sign", subject="as4.acme.example"),
        Key(CredentialType.ENCRYPT, "vault://certs/acme/encrypt", subject="as4.acme.example"),
        Key(CredentialType.TLS, "pkcs11:token=acme;object=tls", subject="as4.acme.example"),
    ),
)
_BANKUS = Party(
    key="bankus",
    name="Bank US",
    country="US",
    tags=("correspondent", "example"),
    names=(Name("as4.partyId", "BANKUS33XXX", "BIC"),),
    addresses=(Address("as4", "https://as4.bankus.com/fi", BASE_PROFILE, is_published=True),),
    abilities=(Ability(SERVICE, "credit.transfer"),),
    keys=(
        Key(CredentialType.SIGN, "vault://certs/bankus/iso20022"),
        Key(CredentialType.ENCRYPT, "vault://certs/bankus/iso20022"),
    ),
)
_BANKUS_ENTITY = Party(
    key="bankus-entity",
    name="Bank US, National Association",
    country="US",
    tags=("legal entity", "example"),
    notes="The legal entity behind the BIC: an edge says that both are one party.",
    names=(Name("as4.partyId", BANKUS_LEI, "LEI"),),
    abilities=(Ability(SERVICE),),
)
_ISSUERS = (
    Party(
        key="issuer-one",
        name="First Card Issuing",
        country="US",
        tags=("issuer",),
        names=(Name("pan.bin", "400000"),),
        addresses=(Address("iso8583", "auth.first-issuing.example:5000", "iso8583.default"),),
    ),
    Party(
        key="issuer-two",
        name="Gold Programme Issuing",
        country="GB",
        tags=("issuer", "premium"),
        addresses=(Address("iso8583", "gold.first-issuing.example:5001", "iso8583.default"),),
    ),
    Party(
        key="processor",
        name="Nordic Card Processing",
        country="DK",
        tags=("processor",),
        names=(Name("processorId", "NCP-0042"), Name("acquirerId", "00012345678")),
        addresses=(Address("iso8583", "switch.nordic-processing.example:7000", "iso8583.default", 70),),
    ),
)


def _merchant(merchant: str, terminal: str, name: str) -> Party:
    return Party(
        key=f"merchant-{merchant.lower()}",
        name=name,
        country="SE",
        tags=("merchant",),
        names=(Name("mid", merchant), Name("tid", terminal), Name("caid", merchant)),
        addresses=(Address("iso8583", "pos.acme-acquiring.example:6000", "iso8583.default"),),
    )


def _corporate(short: str, name: str, country: str) -> Party:
    return Party(
        key=short,
        name=name,
        kind=ParticipantKind.SERVICE,
        country=country,
        tags=("corporate",),
        names=(Name("as4.partyId", short, "urn:acme:customer"),),
        addresses=(
            Address(
                "https", f"https://erp.{short}.example/payments", qos={"retries": 5, "receiptsRequired": True}
            ),
            Address("mq", f"ACME.QM/{short.upper().replace('-', '.')}", priority=20),
        ),
        abilities=(
            Ability(SERVICE, "statement"),
            Ability(SERVICE, "notification"),
            Ability(SERVICE, "payment.*"),
        ),
    )


_OVERRIDE = {
    "match": {
        "identifiers": [{"type": "bic", "value": "HANDSESS"}],
        "service": SERVICE,
        "action": "statement",
    },
    "directive": {"target_protocol": "mq", "target_address": "ACME.QM/HANDELSBANKEN.STATEMENTS"},
    "priority": 100,
}
_BINS = (
    Rule("400000", "iso8583", "auth.first-issuing.example:5000", "issuer-one", brand="visa"),
    Rule("411111", "iso8583", "auth.first-issuing.example:5000", "issuer-one"),
    Rule("41111122", "iso8583", "gold.first-issuing.example:5001", "issuer-two"),
    Rule(
        "510000", "iso8583", "switch.nordic-processing.example:7000", "processor", range_text="510000-510001"
    ),
    Rule(
        "510001", "iso8583", "switch.nordic-processing.example:7000", "processor", range_text="510000-510001"
    ),
    Rule("222100", "iso8583", "switch.nordic-processing.example:7000", "processor"),
)
_RULINGS = (
    Ruling(
        "no-payments-under-embargo",
        {"attr": "participant.country", "op": "in", "value": ["IR", "KP"]},
        PolicyEffect.DENY,
        100,
        "Embargoed countries are never reached, whatever the directory says.",
    ),
    Ruling(
        "no-test-endpoints",
        {
            "any": [
                {"attr": "endpoint.address", "op": "glob", "value": "*//test.*"},
                {"attr": "participant.tags", "op": "in", "value": ["test"]},
            ]
        },
        PolicyEffect.DENY,
        90,
        "Test systems take no payments.",
    ),
    Ruling(
        "correspondents-first",
        {"attr": "participant.tags", "op": "in", "value": ["correspondent"]},
        PolicyEffect.ALLOW,
        10,
        "A correspondent agreement is in force.",
    ),
)


def _resolve(type_: str, value: str, scope: str = "", **context: str) -> dict[str, object]:
    identifier = {"type": type_, "value": value} | ({"scope": scope} if scope else {})
    return {"identifiers": [identifier]} | ({"serviceContext": context} if context else {})


_BANKUS_ANSWER = {
    "primary": {
        "target_protocol": "as4",
        "target_address": "https://as4.bankus.com/fi",
        "transport_profile": BASE_PROFILE,
        "security": {
            "signRequired": True,
            "encryptRequired": True,
            "keyRefs": ["vault://certs/bankus/iso20022"],
        },
    }
}
_PAYMENT = {"service": SERVICE, "action": "credit.transfer"}
_CHECKS = (
    Check("bankus by BIC", _resolve("as4.partyId", "BANKUS33XXX", "BIC", **_PAYMENT), _BANKUS_ANSWER),
    Check("bankus by LEI", _resolve("as4.partyId", BANKUS_LEI, "LEI", **_PAYMENT), _BANKUS_ANSWER),
    Check(
        "a correspondent by its BIC",
        _resolve("bic", KNOWN_BIC),
        {
            "primary": {
                "target_address": "https://as4.nordea-se.example/fi",
                "transport_profile": BASE_PROFILE,
            }
        },
    ),
    Check("a bank without an agreement", _resolve("bic", GLOBAL_ONLY_BIC), {"directives": []}),
    Check(
        "statements of one bank go to a queue",
        _resolve("bic", "HANDSESS", service=SERVICE, action="statement"),
        {"primary": {"target_protocol": "mq", "target_address": "ACME.QM/HANDELSBANKEN.STATEMENTS"}},
    ),
    Check("unknown BIC", _resolve("bic", "ZZZZUS33"), {"directives": [], "negative_cache_ttl": 60}),
    Check(
        "longest BIN",
        _resolve("pan.bin", "41111122"),
        {"primary": {"target_address": "gold.first-issuing.example:5001"}},
    ),
)

BOOK = Book(
    parties=(
        _ACME,
        _BANKUS,
        _BANKUS_ENTITY,
        *(_correspondent(*row) for row in _CORRESPONDENTS),
        *_ISSUERS,
        *(_merchant(*row) for row in _MERCHANTS),
        *(_corporate(*row) for row in _CORPORATES),
    ),
    twins=(Twin(Name("as4.partyId", BANKUS_LEI, "LEI"), Name("as4.partyId", "BANKUS33XXX", "BIC")),),
    tables=(
        Table(ArtifactKind.TENANT_OVERRIDE, "handelsbanken-statements", payload=_OVERRIDE),
        Table(ArtifactKind.BIN_TABLE, "acquiring", rules=_BINS),
    ),
    rulings=_RULINGS,
    checks=_CHECKS,
)
