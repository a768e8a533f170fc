"""Watches what callers are answered and what becomes of acme, and gathers what must not have been seen."""

from copy import copy
from typing import Any, Self

from directory.resolution.cache import AnswerCache
from directory.rest import resolve
from tests.journeys.isolation.callers import Callers
from tests.journeys.isolation.calls import NEW, SAFE, Call, Caller, Seen, exchanged, look
from tests.journeys.isolation.digests import digest_of
from tests.journeys.isolation.estate import Estate
from tests.journeys.isolation.placing import pairs_of
from tests.sealing import seal

SHOWN = 200  # characters of a difference
REFUSAL_TABLES = ("audit_event", "audit_head", "audit_refusal")


class Watch:
    """Two estates, everybody who calls, and the leaks that were found, each in words."""

    def __init__(self, estate: Estate, others: Estate) -> None:
        self.estate = estate
        self.others = others
        self.callers = Callers(estate.tenant, others.tenant)
        self.texts = sorted(estate.texts())
        self.leaks: list[str] = []
        self.leaves_refusals = False  # set where acme's own people are refused: acme's chain tells of it
        self.may_change = "-"  # how tables are named that a caller may write in the course of a test
        self._before: dict[str, Any] | None = None

    def anew(self) -> Self:
        """Return a watch over the same estates for another test, with callers of its own."""
        made = copy(self)
        made.callers = Callers(self.estate.tenant, self.others.tenant)
        made.leaks, made.leaves_refusals, made._before = [], False, None
        return made

    def at(self, call: Call, slug: str) -> Call:
        """Return the call at a tenant's address; what belongs to no tenant keeps its own."""
        is_of_tenant = call.path.startswith("/api/v1/") and not call.path.startswith("/api/v1/me/")
        return call.having(path=f"/t/{slug}{call.path}") if is_of_tenant else call

    def seen(self, caller: Caller, call: Call) -> Seen:
        """Make the call."""
        resolve.ANSWERS = AnswerCache()  # an answer that is kept costs fewer statements, to whomever
        return look(caller, call, before_undo=lambda: self._tell_changes(caller, call))

    def pairs(self, call: Call, cursor: str = "") -> list[tuple[str, str]]:
        """Return what is exchanged in a call for what does not exist."""
        return pairs_of(self.estate, cursor)

    def compare(self, caller: Caller, call: Call, *, cursor: str = "", keeps_address: bool = False) -> Seen:
        """Make a call, and the same call with what does not exist; note what tells them apart."""
        pairs = self.pairs(call, cursor)
        if keeps_address:
            pairs = [pair for pair in pairs if pair[0] != self.estate.words.slug]
        seen, unknown = self.seen(caller, call), self.seen(caller, call.with_instead(pairs))
        self.note_read(caller, call, seen)
        if seen.status != unknown.status:
            self.note(caller, call, f"answers {seen.status}, for what does not exist {unknown.status}")
        elif seen.text != unknown.text:
            self._note_difference(
                caller, call, self._plain(call, seen, pairs), self._plain(call, unknown, pairs)
            )
        if seen.statements != unknown.statements:
            difference = first_difference("\n".join(seen.statements), "\n".join(unknown.statements))
            self.note(caller, call, f"takes other statements:\n{difference}")
        return seen

    def _note_difference(self, caller: Caller, call: Call, seen: str, unknown: str) -> None:
        if seen != unknown:
            self.note(caller, call, f"differs from what does not exist:\n{first_difference(seen, unknown)}")

    def _plain(self, call: Call, seen: Seen, pairs: list[tuple[str, str]]) -> str:
        """Return an answer without what was sent, and without what is new in each answer about a row just made."""
        is_made = call.method not in SAFE and seen.status < 400
        text = exchanged(seen.text, pairs)
        return NEW.sub("", text) if is_made else text

    def expect(self, caller: Caller, call: Call, seen: Seen, wanted: tuple[int, str]) -> None:
        """Note an answer other than the refusal that was decided."""
        if (seen.status, seen.code) != wanted:
            self.note(caller, call, f"is answered {seen.status} {seen.code}, decided is {wanted}")

    def reads(self, call: Call, seen: Seen) -> list[str]:
        """Return each text of acme's in an answer that was not in the call."""
        sent = call.text().replace("-", "")
        return [text for text in self.texts if text in seen.text and text.replace("-", "") not in sent]

    def note_read(self, caller: Caller, call: Call, seen: Seen) -> None:
        """Note what was read of acme."""
        if read := self.reads(call, seen):
            self.note(caller, call, f"reads {read}")

    def note(self, caller: Caller, call: Call, what: str) -> None:
        """Note a leak."""
        place = f"{call.method} {call.host}{call.path} {call.query or ''} {call.headers or ''}"
        self.leaks.append(f"{caller.name}: {place} {what}")

    def begin(self) -> None:
        """Remember what there is; whoever calls later has been made by now."""
        seal()
        self._before = digest_of(self.estate.schema, self.estate.tenant.pk)

    def changes(self) -> list[str]:
        """Return the tables that are no more as they were when the walk began."""
        if self._before is None:
            return []
        now = digest_of(self.estate.schema, self.estate.tenant.pk)
        kept = {f"{self.estate.schema}.{name}" for name in REFUSAL_TABLES} if self.leaves_refusals else set()
        return [name for name in self._before if self._before[name] != now.get(name) and name not in kept]

    def _tell_changes(self, caller: Caller, call: Call) -> None:
        changed = [name for name in self.changes() if not name.startswith(self.may_change)]
        if changed and caller.name != "acme_token":
            self.note(caller, call, f"changes {changed}")


def first_difference(first: str, second: str) -> str:
    """Return what stands around the first place where two texts differ, one below the other."""
    differing = (at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other)
    at = next(differing, min(len(first), len(second)))
    around = slice(max(0, at - SHOWN // 2), at + SHOWN)
    return f"{first[around]}\n— instead of —\n{second[around]}"
