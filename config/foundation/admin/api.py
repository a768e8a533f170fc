"""The page on which an object is shown as the API answers it to the same person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action

from config.foundation.admin import curl
from config.foundation.admin.marking import indented, marked
from config.foundation.refusals import SAFE_METHODS
from config.foundation.rest.details import CHANGING, READING, Detail

SHOWN_HEADERS = ("Content-Type", "ETag", "Last-Modified", "Link", "Cache-Control")
PLACE_PARAMETER = "tenant"
SCALARS = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class ApiPlace:
    """Where an API answers: ``base`` is the path before ``/api/``, ``query`` what the address has to end with."""

    key: str
    name: str
    base: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, what it does, which privileges its token needs, and where the operation is documented."""

    key: str
    title: str
    needs: str
    text: str
    documented_at: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; ``refusal`` says in words why there is no object."""

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    refusal: str
    commands: Sequence[Command]

    @property
    def status_words(self) -> str:
        """Return the status as HTTP writes it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def text(self) -> SafeString:
        """Return the body for reading."""
        return marked(indented(json.loads(self.body)))


class ShownByApi:
    """Adds the page to every table whose objects the site's API shows."""

    admin_site: Any
    model: Any
    opts: Any
    actions_detail: Any

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)  # type: ignore[call-arg] # Django's
        if admin_site.api_detail(model) is not None:
            self.actions_detail = (*self.actions_detail, "as_api")

    def has_as_api_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 -- unfold's
        """Tell whether the page may be opened; what it then shows is for the API to decide."""
        return bool(self.has_view_or_change_permission(request))  # type: ignore[attr-defined]

    @action(  # type: ignore[untyped-decorator]
        description="As the API sees it", url_path="api", permissions=["as_api"], icon="data_object"
    )
    def as_api(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the object as the API answers it, and the commands that ask for it."""
        if request.method not in SAFE_METHODS:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        page: Any = self
        row = page.get_object(request, unquote(object_id))
        if row is None:
            there: HttpResponse = page._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # noqa: SLF001 -- Django's
            return there
        if not page.has_view_or_change_permission(request, row):
            raise PermissionDenied
        places = self.admin_site.api_places(request, self.model)
        place = _chosen(places, request.GET.get(PLACE_PARAMETER, ""))
        back = reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row}: as the API sees it",
            "opts": self.opts,
            "original": row,
            "back": back,
            "api_places": places,
            "api_place": place,
            "exchange": self._exchange(request, row, place) if place else None,
        }
        return TemplateResponse(request, "switchboard/api.html", context)

    def _exchange(self, request: HttpRequest, row: Any, place: ApiPlace) -> Exchange:
        detail: Detail = self.admin_site.api_detail(self.model)
        address = f"{place.base}{detail.path_of(row)}{place.query}"
        answer = self.admin_site.ask_api(request, address)
        shown, url = json.loads(answer.content), request.build_absolute_uri(address)
        is_refused = answer.status_code != HTTPStatus.OK
        is_changed = detail.is_changed and not place.query and not is_refused
        commands = _reading(detail, place, url, answer.get("ETag", ""))
        if is_changed and self.has_change_permission(request, row):  # type: ignore[attr-defined]
            commands += _changing(detail, place, url, answer["ETag"], shown)
        return Exchange(
            url=url,
            status=answer.status_code,
            headers=[(name, answer[name]) for name in SHOWN_HEADERS if name in answer],
            body=answer.content,
            refusal=shown["detail"] if is_refused else "",
            commands=commands,
        )


def _chosen(places: Sequence[ApiPlace], key: str) -> ApiPlace | None:
    """Return the place that is named, or the only one."""
    if len(places) == 1:
        return places[0]
    return next((place for place in places if place.key == key), None)


def _reading(detail: Detail, place: ApiPlace, url: str, etag: str) -> list[Command]:
    needs, there = f"the privilege {detail.resource.required_privilege}", _documented(detail, READING, place)
    found = [Command("read", "Read it", needs, curl.read(url), there)]
    if etag:
        again = curl.read_if_changed(url, etag)
        found.append(Command("read-if-changed", "Read it if it changed", needs, again, there))
    return found


def _changing(detail: Detail, place: ApiPlace, url: str, etag: str, shown: dict[str, Any]) -> list[Command]:
    """Return the command that sends one column as it is: it changes nothing until somebody edits it."""
    resource: Any = detail.resource
    names = (*detail.operation(CHANGING).request_example, *resource.write_serializer_class.Meta.fields)
    plain = [
        name for name in names if name in resource.model.tiers.plain and isinstance(shown.get(name), SCALARS)
    ]
    if not plain:
        return []
    needs = f"the privileges {resource.write_privilege} and {resource.required_privilege}, and the write flag"
    text = curl.change(url, etag, {plain[0]: shown[plain[0]]})
    return [Command("change", f"Change its {plain[0]}", needs, text, _documented(detail, CHANGING, place))]


def _documented(detail: Detail, name: str, place: ApiPlace) -> str:
    """Return where the documentation shows an operation."""
    operation = detail.operation(name)
    return f"{place.base}/api/docs/#/{quote(operation.tag, safe='')}/{operation.operation_id}"
