"""Pages that a person was kept from, told to whoever records refusals."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse

from config.foundation.refusals import tell_refused_page

View = Callable[..., HttpResponse]


def telling_forbidden(page: View, *, of: View) -> View:
    """Return the page as one that tells whom it forbids itself to, by whatever method it is asked.

    ``of`` is the view that the site was given: it says which table the page is of.
    """

    @wraps(page)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return page(request, *args, **kwargs)
        except PermissionDenied:
            tell_forbidden(request, of)
            raise

    return told


def tell_forbidden(request: Any, view: View, *, code: str = "permission_denied", schema: str = "") -> None:
    """Tell that the person who is signed in was kept from a page: its table and row, or its name, never its query."""
    if not request.user.is_authenticated:
        return
    resource, row_id = _place_of(request, view)
    tell_refused_page(request, code=code, resource=resource, resource_id=row_id, schema=schema)


def _place_of(request: Any, view: Any) -> tuple[str, str]:
    model = getattr(getattr(view, "__self__", None), "model", None)
    if model is None:
        return f"admin.{getattr(view, '__name__', 'page')}", ""
    return model._meta.label_lower, row_id_of(request, model)


def row_id_of(request: Any, model: Any) -> str:
    """Return the key of the row that the address names; "" where it names none, or what is no key of the table."""
    match = request.resolver_match
    given = match.kwargs.get("object_id") if match else None
    if given is None:
        return ""
    try:
        return str(model._meta.pk.to_python(unquote(given)))
    except ValidationError:
        return ""
