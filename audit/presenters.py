"""Audit events in words, for screens and exports."""

import json
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import reverse

from audit.enums import Verb
from audit.models import AuditEvent

HIDDEN = "•••"
HIDDEN_CHANGED = "••• changed"
VALUE_MAX_LENGTH = 200  # characters of a value in a sentence

NAMING = (
    "name", "title", "prefix", "domain", "address", "service", "code", "purpose",
)  # columns by which people know a row, the best first  # fmt: skip
OF_NO_ROW = frozenset({Verb.LOGIN, Verb.LOGOUT, Verb.LOGIN_FAILED})  # what a person does with themselves
PAST_TENSE: dict[str, str] = {verb.value: verb.label for verb in Verb}


@dataclass(frozen=True, slots=True)
class Change:
    """One changed column: its name, what it was and became, as text; empty where there is nothing."""

    field: str
    before: str
    after: str

    @property
    def words(self) -> str:
        """Say the change, such as “changed status from active to draining”."""
        if HIDDEN in (self.before, self.after) or self.after == HIDDEN_CHANGED:
            return f"changed {self.field} (value not shown)"
        if not self.before:
            return f"set {self.field} to {_shortened(self.after)}"
        if not self.after:
            return f"cleared {self.field}, which was {_shortened(self.before)}"
        return f"changed {self.field} from {_shortened(self.before)} to {_shortened(self.after)}"


def present_changes(event: AuditEvent) -> list[Change]:
    """Return the changed columns in the order of their names."""
    before, after = event.before, event.after
    return [
        _change(column, before.get(column), after.get(column), is_update=bool(before and after))
        for column in sorted({*before, *after})
    ]


def summarize(event: AuditEvent) -> str:
    """Return a sentence such as “changed participant: changed status from active to draining”."""
    said = PAST_TENSE.get(event.action, event.action)
    headline = said if event.action in OF_NO_ROW else f"{said} {name_resource(event.resource)}".strip()
    if event.action in (Verb.REFUSED, Verb.LOGIN_FAILED):
        return f"{headline}: {_refusal_words(event.payload)}"
    if not (event.before and event.after):
        return headline
    return f"{headline}: {'; '.join(change.words for change in present_changes(event))}"


def _refusal_words(payload: dict[str, Any]) -> str:
    code, earlier = payload.get("code", ""), payload.get("earlier", 0)
    return f"{code} ({earlier:,} more before)" if earlier else str(code)


def name_in(event: AuditEvent) -> str:
    """Return the name of the row where the event holds one in clear, else ""."""
    values = {**event.before, **event.after}
    return next((values[column] for column in NAMING if isinstance(values.get(column), str)), "")


def name_resource(resource: str) -> str:
    """Return the words for a kind of row: “prefix rule” for ``directory.prefixrule``, else the name itself."""
    try:
        return str(apps.get_model(resource)._meta.verbose_name)
    except (LookupError, ValueError):
        return resource.rpartition(".")[2]


def person_events_url(person_id: str) -> str:
    """Return the address, on the site that is shown, of all events by or about a person (``usr_…``)."""
    return reverse("admin:audit_auditevent_changelist", query={"person": person_id})


def is_hidden(value: Any) -> bool:
    """Tell whether a payload's value stands for one that the chain does not hold in clear."""
    return isinstance(value, dict) and len(value) == 1 and (value.get("secret") is True or _is_digest(value))


def _is_digest(value: dict[str, Any]) -> bool:
    return str(value.get("digest", "")).startswith("sha256:")


def _change(column: str, before: Any, after: Any, *, is_update: bool) -> Change:
    shown_before, shown_after = _as_text(before), _as_text(after)
    if is_update and is_hidden(after):
        shown_after = HIDDEN_CHANGED
    return Change(column.removesuffix("_id").replace("_", " "), shown_before, shown_after)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if is_hidden(value):
        return HIDDEN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _shortened(text: str) -> str:
    return text if len(text) <= VALUE_MAX_LENGTH else text[: VALUE_MAX_LENGTH - 1] + "…"
