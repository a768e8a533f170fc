"""What the demonstration's people agreed to: accepted, renewed to a later text, and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from audit.enums import ConsentAction, SubjectKind
from audit.models import Consent
from audit.operations import record_consent
from config.foundation.actor import Actor, acting
from customers.identity.models import User

GIVEN, WITHDRAWN = ConsentAction.GIVEN, ConsentAction.WITHDRAWN
REASON = "Demonstration data"

Part = Literal["admin", "member"]


@dataclass(frozen=True, slots=True)
class Act:
    """One act of consent of one of a firm's people, so many days ago; ``page`` is where it was given."""

    who: Part
    purpose: str
    version: int
    action: ConsentAction
    days_ago: int
    page: str


ACTS: dict[str, tuple[Act, ...]] = {
    "acme": (
        Act("admin", "terms", 1, GIVEN, 412, "sign-up"),
        Act("member", "terms", 1, GIVEN, 398, "invitation"),
        Act("member", "contact", 1, GIVEN, 398, "invitation"),
        Act("admin", "contact", 1, GIVEN, 230, "profile"),
        Act("admin", "terms", 2, GIVEN, 61, "renewal"),
        Act("member", "terms", 2, GIVEN, 58, "renewal"),
        Act("member", "contact", 1, WITHDRAWN, 12, "profile"),
    ),
    "globex": (
        Act("admin", "terms", 1, GIVEN, 365, "sign-up"),
        Act("admin", "contact", 1, GIVEN, 365, "sign-up"),
        Act("member", "terms", 1, GIVEN, 301, "invitation"),
        Act("admin", "terms", 2, GIVEN, 44, "renewal"),
        Act("member", "contact", 1, GIVEN, 90, "profile"),
        Act("member", "contact", 1, WITHDRAWN, 30, "profile"),
    ),
}


def write_consents(*, slug: str, people: Mapping[Part, User], now: datetime) -> None:
    """Record the firm's consents that are missing, in the schema that is selected, each by the person it is of."""
    for act in ACTS[slug]:
        person = people[act.who]
        if not _is_recorded(person, act):
            actor = Actor.user(person.pk)
            with acting(actor, reason=REASON):
                record_consent(
                    actor=actor,
                    now=now - timedelta(days=act.days_ago),
                    subject_kind=SubjectKind.USER,
                    subject_id=person.pk,
                    purpose=act.purpose,
                    text_version=act.version,
                    action=act.action,
                    evidence={"page": act.page, "email": person.email},
                )


def _is_recorded(person: User, act: Act) -> bool:
    acts = Consent.objects.of_subject(SubjectKind.USER, person.pk)
    alike = acts.filter(purpose=act.purpose, text_version=act.version, action=act.action)
    return bool(alike.exists())
