"""The rail of ISO 20022 payments: bank and legal-entity codes, scheme profiles over AS4, queues and HTTP."""

import re
from types import MappingProxyType

from stdnum import lei as stdnum_lei

from directory.rails.addresses import check_https_url, check_queue, check_url
from directory.rails.countries import COUNTRIES
from directory.rails.kinds import (
    Canonical,
    Equivalence,
    Example,
    FailurePolicy,
    IdentifierType,
    Profile,
    Protocol,
    Qos,
    Rail,
    Refusal,
)

SERVICE = "iso20022.fi"
BASE_PROFILE = "as4.fifi.iso20022.v1"

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_BANK_CODE = re.compile(r"[A-Z0-9]{1,35}")


def _upper(value: str) -> str:
    # Upper-casing first would let letters outside ASCII turn into letters inside it.
    return value.upper() if value.isascii() else value


def normalize_bic(value: str, scope: str = "") -> Canonical:
    """Return a BIC of 11 characters; a head office gets its ``XXX``. Raises `Refusal`."""
    bic = _upper(value)
    if not _BIC.fullmatch(bic):
        raise Refusal(
            "is no BIC; give 8 or 11 letters and digits: bank (4), country (2), location (2), branch (0 or 3)"
        )
    if bic[4:6] not in COUNTRIES:
        raise Refusal(f"names the country {bic[4:6]}, which ISO 3166 does not have; check characters 5 and 6")
    warnings = []
    if not bic[:4].isalpha():
        warnings.append("The bank code of a BIC is letters in older data; this one has digits.")
    if bic[7] == "0":
        warnings.append("This is a test BIC (character 8 is 0).")
    return Canonical(bic.ljust(11, "X"), scope, tuple(warnings))


def normalize_lei(value: str, scope: str = "") -> Canonical:
    """Return a Legal Entity Identifier in upper case. Raises `Refusal`."""
    lei = _upper(value)
    if not _LEI.fullmatch(lei):
        raise Refusal("is no LEI; give 18 letters and digits followed by 2 check digits")
    if not stdnum_lei.is_valid(lei):
        raise Refusal(
            "has wrong check digits (ISO 7064 mod 97-10); check it for a typing error", code="check_digit"
        )
    return Canonical(lei, scope)


def _bank_code(value: str, scope: str) -> Canonical:
    code = re.sub(r"[ -]", "", _upper(value))
    if not _BANK_CODE.fullmatch(code):
        raise Refusal("is no national bank code; give up to 35 letters and digits")
    return Canonical(code, scope)


def _country(scope: str) -> str:
    country = _upper(scope)
    if country not in COUNTRIES:
        raise Refusal("is no country; give the ISO 3166 code of the country, such as DE", field="scope")
    return country


def _with_scope(party_type: str, name: str) -> Equivalence:
    """Join a plain type with ``as4.partyId`` under the party id type of the same name."""
    return Equivalence(
        left="as4.partyId",
        right=name,
        to_right=lambda scope, normalized: ("", normalized) if scope == party_type else None,
        to_left=lambda _scope, normalized: (party_type, normalized),
        source="directory.md §2, equivalences",
    )


_QOS = Qos(retries=3, receiptsRequired=True, ordering="none")
_FAILURE = FailurePolicy(retry=3, backoff="exponential", circuitBreak=True)
_ALGORITHMS = MappingProxyType(
    {
        "sign": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "digest": "http://www.w3.org/2001/04/xmlenc#sha256",
        "encrypt": "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        "keyTransport": "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    }
)


def _fifi(scheme: str, label: str, *, mpc: str = "") -> Profile:
    return Profile(
        name=f"{BASE_PROFILE}.{scheme}" if scheme else BASE_PROFILE,
        protocol="as4",
        label=label,
        source="directory.md §11; eDelivery AS4 common profile for the algorithms",
        qos=_QOS,
        failure_policy=_FAILURE,
        sign_required=True,
        encrypt_required=True,
        algorithms=_ALGORITHMS,
        fallback=BASE_PROFILE if scheme else "",
        scheme=scheme,
        mpc=mpc,
    )


def _plain_profile(name: str, protocol: str, label: str, ordering: str) -> Profile:
    return Profile(
        name=name,
        protocol=protocol,
        label=label,
        source="the protocol itself; no rule book demands more",
        qos=Qos(retries=3, receiptsRequired=False, ordering=ordering),
        failure_policy=_FAILURE,
    )


RAIL = Rail(
    name="iso20022",
    label="ISO 20022 payments",
    identifier_types=(
        IdentifierType(
            name="bic",
            rail="iso20022",
            label="Business identifier code (BIC)",
            rule=normalize_bic,
            tier=0,
            source="ISO 9362",
            examples=(
                Example("BANKUS33XXX", None, "BANKUS33XXX"),
                Example("deutdeff", None, "DEUTDEFFXXX"),
                Example("NDEASESS", "", "NDEASESSXXX"),
            ),
            counterexamples=(
                Example("BANKUS3"),
                Example("BANKQQ33"),
                Example("BANKUS33XX"),
                Example("\uff22ANKUS33"),
            ),
        ),
        IdentifierType(
            name="lei",
            rail="iso20022",
            label="Legal entity identifier (LEI)",
            rule=normalize_lei,
            tier=0,
            source="ISO 17442",
            examples=(Example("213800kud8lajwsq9d15", None, "213800KUD8LAJWSQ9D15"),),
            counterexamples=(Example("213800KUD8LAJWSQ9D16"), Example("213800KUD8LAJWSQ9D1")),
        ),
        IdentifierType(
            name="bank.code",
            rail="iso20022",
            label="National bank code",
            rule=_bank_code,
            scope_rule=_country,
            default_scope=None,
            tier=0,
            source="national bank registries; scope is the country (ISO 3166-1 alpha-2)",
            examples=(Example("100 700 00", "de", "10070000"), Example("20-00-00", "GB", "200000")),
            counterexamples=(Example("10070000"), Example("10070000", "QQ"), Example("1_2", "DE")),
        ),
    ),
    protocols=(
        Protocol(
            name="mq",
            label="Message queue",
            check=check_queue,
            default_profile="mq.default",
            examples=("PAYMENTS.IN", "QM1/PAYMENTS.IN"),
            counterexamples=("", "two words", "a/b/c"),
        ),
        Protocol(
            name="http",
            label="HTTP",
            check=check_url,
            default_profile="http.default",
            examples=("http://payments.example/in", "https://payments.example:8443/in"),
            counterexamples=(
                "payments.example",
                "ftp://payments.example/",
                "http://user:secret@payments.example/",
            ),
        ),
        Protocol(
            name="https",
            label="HTTP over TLS",
            check=check_https_url,
            default_profile="https.default",
            examples=("https://payments.example/in",),
            counterexamples=("http://payments.example/in",),
        ),
    ),
    profiles=(
        _fifi("", "ISO 20022 between financial institutions over AS4"),
        _fifi("target2", "ISO 20022 over AS4 to TARGET2", mpc="urgent"),
        _fifi("fedwire", "ISO 20022 over AS4 to Fedwire", mpc="urgent"),
        _fifi("chaps", "ISO 20022 over AS4 to CHAPS", mpc="urgent"),
        _plain_profile("mq.default", "mq", "Queue", "fifo"),
        _plain_profile("http.default", "http", "HTTP", "none"),
        _plain_profile("https.default", "https", "HTTP over TLS", "none"),
    ),
    equivalences=(_with_scope("BIC", "bic"), _with_scope("LEI", "lei")),
    services=MappingProxyType(
        {
            SERVICE: MappingProxyType(
                {
                    "credit.transfer": "pacs.008",
                    "fi.credit.transfer": "pacs.009",
                    "payment.status": "pacs.002",
                    "payment.cancellation": "camt.056",
                    "resolution.of.investigation": "camt.029",
                    "statement": "camt.053",
                    "notification": "camt.054",
                }
            )
        }
    ),
)
