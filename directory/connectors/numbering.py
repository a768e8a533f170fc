"""Connector ``numbering``: calling codes and carriers' number ranges that the ``phonenumbers`` package ships.

Every country of a calling code, and every carrier of a country, becomes a global participant of kind
``range``; their prefixes become the rules of one table. The rules have no target: a number is recognised,
not routed.
Source: ITU-T E.164 assigned country codes; the national numbering plans, as libphonenumber gathers them.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import phonenumbers
import pycountry
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as CALLING_CODES

from config.foundation.errors import Refused
from directory.connectors.files import read_json
from directory.connectors.records import PartyRecord, PrefixRecord, PrefixTable, Reading, Record, Rejection
from directory.enums import ArtifactKind, ParticipantKind, SourceKind

TABLE_NAME = "numbering"
WORLD = "001"  # UN M.49: the calling code belongs to no country
WORLD_SERVICES = {
    "800": "International freephone",
    "808": "International shared cost",
    "870": "Inmarsat",
    "878": "Universal personal telecommunications",
    "881": "Global mobile satellite systems",
    "882": "International networks",
    "883": "International networks",
    "888": "United Nations OCHA",
    "979": "International premium rate",
}
# Regions of the numbering plans that ISO 3166-1 counts to another country, or does not name.
COUNTRY_OF_REGION = {"AC": "SH", "TA": "SH"}
REGION_NAMES = {"AC": "Ascension", "TA": "Tristan da Cunha", "XK": "Kosovo"}
LEADING_DIGITS_MAX = 5
SOFT_HYPHEN = "\u00ad"  # in a few names of the data; invisible, and two names would differ by it


@dataclass(frozen=True, slots=True)
class Plans:
    """``regions`` is ``{"46": ["SE"]}``, main region first; ``prefixes`` ``{"46700": {"en": "Tele2"}}``."""

    regions: Mapping[str, Any]
    prefixes: Mapping[str, Any]


class NumberingConnector:
    """Reads the shipped plans, or a file ``{"regions": …, "prefixes": …}`` as Plans describes them."""

    name = "numbering"
    kind = SourceKind.NUMBERING
    confidence = 0.8

    def __init__(self, file: Path | None = None) -> None:
        data = file.name if file else f"phonenumbers {version('phonenumbers')}"
        self.table: PrefixTable | None = PrefixTable(ArtifactKind.NUMBER_RANGE, TABLE_NAME, {"data": data})
        self._file = file

    def read(self) -> Reading:
        """Read calling codes and carrier prefixes.

        Raises:
            Refused: ``source_unreadable``.
        """
        plans = _file_plans(self._file) if self._file else Plans(_shipped_regions(), CARRIER_DATA)
        return Reading(len(plans.regions) + len(plans.prefixes), _records(plans))


def _shipped_regions() -> dict[str, tuple[str, ...]]:
    return {str(code): regions for code, regions in sorted(CALLING_CODES.items())}


def _file_plans(path: Path) -> Plans:
    content = read_json(path)
    plans = content if isinstance(content, dict) else {}
    regions, prefixes = plans.get("regions"), plans.get("prefixes")
    if not isinstance(regions, dict) or not isinstance(prefixes, dict):
        raise Refused(
            "source_unreadable",
            f"{path} is no numbering plan: an object with the objects regions and prefixes.",
        )
    return Plans(regions, prefixes)


def _records(plans: Plans) -> Iterator[Record]:
    """Yield plans, then carriers; a prefix that both have is the carrier's."""
    region_of_prefix: dict[str, str] = {}
    for row, (code, regions) in enumerate(plans.regions.items(), start=1):
        if not _is_region_list(regions):
            yield Rejection(row, f'The regions of +{code[:15]} are no list of region codes, like ["SE"].')
            continue
        for region, prefixes in _plan_prefixes(code, regions):
            party = f"plan:{code}:{region}"
            yield PartyRecord(
                row, party, _plan_name(prefixes[0], region), ParticipantKind.RANGE, _country(region)
            )
            region_of_prefix.update(dict.fromkeys(prefixes, region))
            yield from (
                PrefixRecord(row, party, prefix) for prefix in prefixes if prefix not in plans.prefixes
            )
    yield from _carrier_records(plans.prefixes, region_of_prefix, first_row=len(plans.regions) + 1)


def _carrier_records(
    prefixes: Mapping[str, Any], region_of_prefix: Mapping[str, str], *, first_row: int
) -> Iterator[Record]:
    known: set[str] = set()
    for row, (prefix, names) in enumerate(prefixes.items(), start=first_row):
        name = _carrier_name(names)
        if not name:
            yield Rejection(row, 'The carrier has no name, like {"en": "Tele2"}.')
            continue
        region = _region(prefix, region_of_prefix)
        party = f"carrier:{region}:{name}"[:255]
        if party not in known:
            known.add(party)
            yield PartyRecord(row, party, name, ParticipantKind.RANGE, _country(region))
        yield PrefixRecord(row, party, prefix)


def _is_region_list(regions: Any) -> bool:
    return (
        isinstance(regions, list | tuple)
        and bool(regions)
        and all(isinstance(region, str) and re.fullmatch("[A-Z]{2}|001", region) for region in regions)
    )


def _plan_prefixes(code: str, regions: list[str] | tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Yield each region of a calling code with its prefixes.

    The first region has the code itself; another is told by its leading digits, and where it has none, it
    is not yielded: no prefix tells it from the first.
    """
    yield regions[0], [code]
    for region in regions[1:]:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        if metadata is not None and metadata.leading_digits:
            yield region, [code + digits for digits in _expand(metadata.leading_digits)]


def _expand(pattern: str) -> list[str]:
    """Return the digits that a pattern of leading digits stands for: ``8[024]9`` is 809, 829, 849."""
    match = re.compile(pattern).fullmatch
    lengths = range(1, LEADING_DIGITS_MAX + 1)
    candidates = (
        "".join(digits) for length in lengths for digits in itertools.product("0123456789", repeat=length)
    )
    return [digits for digits in candidates if match(digits)]


def _region(prefix: str, region_of_prefix: Mapping[str, str]) -> str:
    lengths = range(len(prefix), 0, -1)
    known = (region_of_prefix[prefix[:n]] for n in lengths if prefix[:n] in region_of_prefix)
    return next(known, WORLD)


def _country(region: str) -> str:
    return "" if region == WORLD else COUNTRY_OF_REGION.get(region, region)


def _plan_name(code: str, region: str) -> str:
    if region == WORLD:
        return f"{WORLD_SERVICES.get(code, 'Global service')} (+{code})"
    country = pycountry.countries.get(alpha_2=region)
    name = REGION_NAMES.get(region) or (getattr(country, "common_name", country.name) if country else region)
    return f"{name} (+{code})"


def _carrier_name(names: Any) -> str:
    """Return the English name, or the first of another language."""
    texts = (
        {key: name for key, name in names.items() if isinstance(name, str)} if isinstance(names, dict) else {}
    )
    chosen = texts.get("en") or next((texts[language] for language in sorted(texts)), "")
    return " ".join(chosen.replace(SOFT_HYPHEN, "").split())
