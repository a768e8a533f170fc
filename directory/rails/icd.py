"""Participant values under an ISO 6523 code (ICD), as Peppol and ebCore party ids write them.

The shape of a value is binding; check digits of real registries are often broken: they warn, unless strict.
Patterns are upper case, values are kept in lower case.
Source: Peppol Policy for Identifiers 4.4; Peppol code list of participant identifier schemes 9.7.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from stdnum import ean, lei, luhn
from stdnum.au import abn
from stdnum.be import vat as be_vat
from stdnum.ch import uid
from stdnum.ee import registrikood
from stdnum.fr import siren, siret
from stdnum.is_ import kennitala
from stdnum.it import iva
from stdnum.no import orgnr

from directory.rails.kinds import Canonical, Refusal

_ANY = re.compile(r"[A-Za-z0-9._~-]{1,130}")

CODE_SHAPE = re.compile(r"[0-9]{4}")


class Scheme(NamedTuple):
    """A pattern of upper-case values, and their check digit if there is a rule for it."""

    shape: re.Pattern[str]
    is_valid: Callable[[str], bool] | None = None


def _scheme(pattern: str, is_valid: Callable[[str], bool] | None = None) -> Scheme:
    return Scheme(re.compile(pattern), is_valid)


def _weighted_mod_11(number: str, weights: tuple[int, ...]) -> bool:
    digits = [int(digit) for digit in number[-len(weights) :]]
    return sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11 == 0


def _is_sirene(value: str) -> bool:
    return siren.is_valid(value) if len(value) == 9 else siret.is_valid(value)


def _is_gln(value: str) -> bool:
    return len(value) == 13 and ean.is_valid(value)


SCHEMES: dict[str, Scheme] = {
    "0002": _scheme(r"[0-9]{9}([0-9]{5})?", _is_sirene),
    "0007": _scheme(r"[0-9]{10}", luhn.is_valid),
    "0009": _scheme(r"[0-9]{14}", siret.is_valid),
    "0060": _scheme(r"[0-9]{9}"),
    # A location number has 13 digits. Shorter ones are in use as company prefixes between AS4 partners, so
    # the length counts as part of the check.
    "0088": _scheme(r"[0-9]{1,13}", _is_gln),
    "0096": _scheme(r"[0-9]{10}"),
    "0106": _scheme(r"[0-9]{8,17}"),
    "0151": _scheme(r"[0-9]{11}", abn.is_valid),
    "0158": _scheme(r"[0-9]{8}"),
    "0183": _scheme(r"CHE[0-9]{9}", uid.is_valid),
    "0184": _scheme(r"[1-9][0-9]{7}"),
    "0190": _scheme(r"[0-9]{20}"),
    "0191": _scheme(r"[1789][0-9]{7}", registrikood.is_valid),
    "0192": _scheme(r"[0-9]{9}", orgnr.is_valid),
    "0195": _scheme(r"[A-Z]{2}[A-Z]{3}([0-9]{8}|[0-9]{9}|[RST][0-9]{2}[A-Z]{2}[0-9]{4})[0-9A-Z]"),
    "0196": _scheme(r"[0-9]{10}", kennitala.is_valid),
    "0198": _scheme(r"DK[0-9]{8}", lambda v: _weighted_mod_11(v[2:], (2, 7, 6, 5, 4, 3, 2, 1))),
    "0199": _scheme(r"[A-Z0-9]{18}[0-9]{2}", lei.is_valid),
    "0200": _scheme(r"[0-9]{9}"),
    "0201": _scheme(r"[0-9A-Z]{6}"),
    "0204": _scheme(r"[0-9]{2,12}(-[0-9A-Z]{0,30})?-[0-9]{2}"),
    "0208": _scheme(r"[01][0-9]{9}", be_vat.is_valid),
    "0211": _scheme(r"IT[0-9]{11}", lambda v: iva.is_valid(v[2:])),
    "0216": _scheme(r"0037[0-9]{8}[0-9A-Z]{0,5}"),
    "0218": _scheme(r"[0-9]{9}([0-9]{2})?"),
    "0225": _scheme(r"[A-Z0-9_-]{1,130}"),
    "0235": _scheme(r"1[0-9]{9}"),
    "0240": _scheme(r"[0-9]{11}"),
    "0242": _scheme(r"[0-9]{6}(-[0-9A-Z_]{3,12}(\.[0-9A-Z._~-]{3,24})?)?"),
    "0244": _scheme(r"[0-9]{13}"),
    "0245": _scheme(r"[0-9]{10}"),
    "0246": _scheme(r"DE[0-9]{9}(-[0-9]{5})?(\.[0-9A-Z]{1,8})?"),
    "0248": _scheme(r"OM[0-9]{10}"),
    "9910": _scheme(r"HU[0-9]{8}"),
    "9915": _scheme(r"[A-Z][A-Z0-9]*"),
}


def check_icd_value(icd: str, value: str) -> Canonical:
    """Return a participant value in lower case, its code as the scope. Raises `Refusal` for its shape."""
    if not _ANY.fullmatch(value):
        raise Refusal(
            "is no participant value; give 1 to 130 letters, digits and . _ ~ - after the four-digit code"
        )
    folded = value.lower()
    scheme = SCHEMES.get(icd)
    if scheme is None:
        warning = f"The rules of scheme {icd} are not known here; its value was not checked further."
        return Canonical(folded, icd, (warning,))
    if not scheme.shape.fullmatch(value.upper()):
        raise Refusal(f"does not have the form of scheme {icd}, {scheme.shape.pattern}; check the number")
    if scheme.is_valid is None or scheme.is_valid(value.upper()):
        return Canonical(folded, icd)
    return Canonical(folded, icd, failed_check=f"it fails the check of scheme {icd}; check the number")
