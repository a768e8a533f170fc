"""Changes of people."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from config.foundation.actor import Actor, acting, operation
from config.foundation.errors import Refused
from customers.identity.enums import UserStatus
from customers.identity.models import User
from customers.identity.operations.owners import keep_an_owner, lock_tenants, lock_users, owned_tenants

_VERBS = {
    UserStatus.ACTIVE: "reactivate",
    UserStatus.INACTIVE: "deactivate",
    UserStatus.ARCHIVED: "archive",
}


@operation(verb="create")
def create_user(  # noqa: PLR0913 -- the columns of a person
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    email: str,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
    is_staff: bool = False,
    is_superuser: bool = False,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> User:
    """Make a person; without a password they cannot sign in with one.

    Raises:
        ValidationError: the address is none or is taken, or the password is too weak.
    """
    user = User(
        email=email.strip(),
        first_name=first_name,
        last_name=last_name,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    _give_password(user, password)
    user.full_clean()
    user.save()
    return user


@operation(verb="set_password")
def set_password(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    user: User,
    password: str,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> User:
    """Give a person another password, which ends their other sessions.

    Raises:
        ValidationError: the password is too weak.
    """
    _give_password(user, password)
    user.save(update_fields=["password"])
    return user


@operation()
def move_user(
    *,
    actor: Actor,
    user: User,
    status: UserStatus,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> User:
    """Stop a person, let them sign in again, or note that they left; their memberships stay as they are.

    Moves: active ↔ inactive; active or inactive → archived → active. The same state again changes nothing.

    Raises:
        Refused: ``invalid_transition``; ``last_owner``, a tenant would be left without an owner who may sign in.

    Source: tenancy.md §6.2.
    """
    current = lock_users([user.pk])[user.pk]
    if current.status == status:
        return current
    if current.deleted_at is not None or (current.status, status) == (
        UserStatus.ARCHIVED,
        UserStatus.INACTIVE,
    ):
        state = "deleted" if current.deleted_at is not None else current.get_status_display().lower()
        raise Refused("invalid_transition", f"A person who is {state} is not made {status.label.lower()}.")
    if status != UserStatus.ACTIVE:
        for tenant in lock_tenants(owned_tenants(current)):
            keep_an_owner(tenant, leaving=current)
    current.status = status
    current.full_clean(exclude=["password"])
    with acting(actor, verb=_VERBS[status]):
        current.save(update_fields=["status"])
    return current


def _give_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.error_list}) from None
    user.set_password(password)
