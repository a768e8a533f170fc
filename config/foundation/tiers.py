"""How sensitive each column is, declared once and obeyed by audit, exports, traces and logs."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import TextChoices


class Tier(TextChoices):
    """Sensitivity of a column."""

    PLAIN = "plain", "may stand in clear in the tenant's own audit chain"
    PERSONAL = (
        "personal",
        "of a natural person: a salted digest in the chain, the clear value erasable beside it",
    )
    CONFIDENTIAL = "confidential", "a keyed digest in the chain, shown only with view_confidential"
    SECRET = "secret", "never leaves the row: the chain says only that it changed"


@dataclass(frozen=True, slots=True)
class Tiers:
    """Tier of every column of a model, by field name.

    ``by_row`` names columns whose tier depends on the row's own integer ``tier`` column: confidential from 2 up,
    plain below.
    """

    plain: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    confidential: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    by_row: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Yield the name of every declared field."""
        yield from (*self.plain, *self.personal, *self.confidential, *self.secret, *self.by_row)
