"""Names of actors, joined for display: chain and jobs hold only their ids."""

from collections.abc import Iterable
from uuid import UUID

from customers.identity.models import ApiToken, User


def name_actors(actors: Iterable[str]) -> dict[str, str]:
    """Return names for actors of the chain, by at most two statements; one that is gone keeps its id."""
    split = {actor: actor.partition(":")[::2] for actor in set(actors)}
    user_ids = {
        row_id for kind, reference in split.values() if kind == "user" and (row_id := uuid_of(reference))
    }
    key_ids = {reference for kind, reference in split.values() if kind == "token"}
    users = {str(user.pk): str(user) for user in User.objects.filter(pk__in=user_ids)} if user_ids else {}
    tokens = (
        dict(ApiToken.objects.filter(key_id__in=key_ids).values_list("key_id", "name")) if key_ids else {}
    )
    return {actor: _actor_words(kind, reference, users, tokens) for actor, (kind, reference) in split.items()}


def uuid_of(text: str) -> UUID | None:
    """Return the uuid that a text is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _actor_words(kind: str, reference: str, users: dict[str, str], tokens: dict[str, str]) -> str:
    if kind == "user":
        return users.get(reference, f"user {reference}")
    if kind == "token":
        return f"token “{tokens[reference]}”" if reference in tokens else f"token {reference}"
    return {"system": f"command {reference}", "database": f"database role {reference}"}.get(
        kind, f"{kind} {reference}"
    )
