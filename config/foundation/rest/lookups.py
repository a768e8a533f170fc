"""How columns are compared by the filters of lists: names for declarations, suffixes of parameters, meanings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

EQUAL = ("exact", "not_exact")
WORDS = (
    *EQUAL,
    *(name for kind in ("icontains", "istartswith", "iendswith", "iexact") for name in (kind, f"not_{kind}")),
)
PATTERNS = ("regex", "iregex")
TEXT = (*WORDS, *PATTERNS)
MOMENT = ("lt", "lte", "gt", "gte")
ORDERED = (*EQUAL, *MOMENT)
NULLABLE = ("isnull",)
OPTIONAL = (*EQUAL, *NULLABLE)
OPTIONAL_TEXT = (*TEXT, *NULLABLE)
MANY = (*EQUAL, "overlap", *NULLABLE)
BOOLEAN = ("exact",)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One comparison: suffix of its parameter, meaning in words, Django's lookup, and whether that is negated."""

    suffix: str
    meaning: str
    expression: str
    is_negated: bool = False
    is_repeatable: bool = False

    def condition(self, column: str, value: Any) -> Q:
        """Return what holds of the rows that are kept; of a negated one, also of rows without a value."""
        found = Q(**{f"{column}__{self.expression}": value})
        return ~found if self.is_negated else found


LOOKUPS = {
    "exact": Lookup("", "equals; repeated: any of these", "in", is_repeatable=True),
    "not_exact": Lookup("__n", "differs; repeated: none of these", "in", is_negated=True, is_repeatable=True),
    "icontains": Lookup("__ic", "contains, in any case", "icontains"),
    "not_icontains": Lookup("__nic", "does not contain, in any case", "icontains", is_negated=True),
    "istartswith": Lookup("__isw", "begins with, in any case", "istartswith"),
    "not_istartswith": Lookup("__nisw", "does not begin with, in any case", "istartswith", is_negated=True),
    "iendswith": Lookup("__iew", "ends with, in any case", "iendswith"),
    "not_iendswith": Lookup("__niew", "does not end with, in any case", "iendswith", is_negated=True),
    "iexact": Lookup("__ie", "equals, in any case", "iexact"),
    "not_iexact": Lookup("__nie", "differs, in any case", "iexact", is_negated=True),
    "regex": Lookup("__regex", "matches this regular expression of PostgreSQL within a second", "regex"),
    "iregex": Lookup(
        "__iregex", "matches this regular expression of PostgreSQL within a second, in any case", "iregex"
    ),
    "lt": Lookup("__lt", "less than", "lt"),
    "lte": Lookup("__lte", "at most", "lte"),
    "gt": Lookup("__gt", "more than", "gt"),
    "gte": Lookup("__gte", "at least", "gte"),
    "isnull": Lookup("__empty", "true: has none; false: has one", "isnull"),
    "contains": Lookup("", "has this; repeated: has all of these", "contains", is_repeatable=True),
    "overlap": Lookup("__any", "has this; repeated: has any of these", "overlap", is_repeatable=True),
    "not_overlap": Lookup(
        "__n",
        "does not have this; repeated: has none of these",
        "overlap",
        is_negated=True,
        is_repeatable=True,
    ),
}
OF_MANY = {
    "exact": "contains",
    "not_exact": "not_overlap",
}  # what equality means of a column with many values
