"""A change of a list that says only what comes and what goes, so that two who make one at once both have their way."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListChange:
    """Texts that a list is to have and texts that it is not to have, whatever it holds by the time it is locked."""

    added: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()

    def applied_to(self, stored: Iterable[str]) -> list[str]:
        """Return the list with this change: what stays keeps its place, what is new comes last and once."""
        kept = [one for one in stored if one not in self.removed]
        return list(dict.fromkeys([*kept, *self.added]))
