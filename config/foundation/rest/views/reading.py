"""Lists and details of a table, with one set of manners."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.utils import DEFAULT_DB_ALIAS
from django.http import HttpResponseBase, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ViewSetMixin

from config.foundation.display_ids import parse_display_id
from config.foundation.errors import Refused
from config.foundation.rest.deprecation import Kind, Part
from config.foundation.rest.errors import Faults
from config.foundation.rest.etags import etag, is_held
from config.foundation.rest.filters import DeclaredFilters
from config.foundation.rest.links import add_links, link
from config.foundation.rest.operations import Operation
from config.foundation.rest.paging import Page, Paging, with_parameters
from config.foundation.rest.queries import (
    DIRECTORY_GLOBAL,
    PAGING_PARAMETERS,
    PLACES,
    collect_directory_faults,
    collect_parameter_faults,
    read_paging,
    repeatable_names,
)
from config.foundation.rest.saved import FILTER, query_of, read_saved
from config.foundation.rest.selection import (
    SELECTION_PARAMETERS,
    read_selection,
    selectable_names,
    trim,
)
from config.foundation.rest.serializers import RowSerializer
from config.foundation.rest.time_limits import LIST_TIME_MAX_MS, list_answered
from config.foundation.rest.views.documents import describe_read
from config.foundation.rest.views.exporting import ExportedList
from config.foundation.rows import Row, public_schema, selected_schema
from config.foundation.saved_filters import SavedParameters

Rows = list[Any]
COLLECTION_ACTIONS = frozenset({"list", "create", "bulk_update"})
SELECTING_ACTIONS = frozenset({"list", "retrieve"})
STANDARD_ACTIONS = COLLECTION_ACTIONS | {"retrieve", "partial_update", "destroy", "bulk_delete"}


class ReadOnlyResource(ViewSetMixin, ExportedList):
    """List and detail of one table.

    Shapes: a list is ``{"results": […], "next": url or null, "previous": url or null}``, with ``count`` and
    ``count_is_estimate`` where one was asked for; a detail is the object.
    ``relations`` are read along (one statement a page) where their fields are shown, and belong to the detail's entity
    tag. ``natural`` are the fields that name a row to people. With ``?directory=global`` the same is read from the
    global directory.
    """

    model: ClassVar[type[Row]]
    serializer_class: ClassVar[type[RowSerializer[Any]]]
    filterset_class: ClassVar[type[DeclaredFilters]]
    relations: ClassVar[tuple[str, ...]] = ()
    natural: ClassVar[tuple[str, ...]] = ("name",)
    orderings: ClassVar[tuple[str, ...]] = ("created_at", "updated_at")
    default_ordering: ClassVar[tuple[str, ...]] = ("pk",)
    noun: ClassVar[str]
    plural: ClassVar[str]
    tag: ClassVar[str]
    example: ClassVar[dict[str, Any]]
    lookup_url_kwarg: ClassVar[str] = "id"
    lookup_value_regex: ClassVar[str] = "[^/]+"
    action: str
    shown: frozenset[str] | None = None  # names of fields, where the caller chose some
    saved: SavedParameters | None = None  # the filter that the caller named

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of ``list`` or ``retrieve``."""
        return describe_read(cls, action)

    @classmethod
    def list_name(cls) -> str:
        """Return what saved filters call this list; nothing where it takes none."""
        return ""

    @classmethod
    def shaping_class(cls, action: str) -> type[BaseSerializer[Any]]:  # noqa: ARG003 -- for subclasses
        """Return the serializer of an action's answer."""
        return cls.serializer_class

    @classmethod
    def available_fields(cls, action: str) -> tuple[str, ...]:
        """Return the names of the fields that an action's answer can have."""
        shaping: Any = cls.shaping_class(action)
        return tuple(shaping.Meta.fields)

    @classmethod
    def selectable_fields(cls, action: str) -> tuple[str, ...]:
        """Return the names that ``fields`` and ``omit`` may give: those of nested objects' fields as well."""
        return selectable_names(cls.shaping_class(action))

    @classmethod
    def brief_fields(cls) -> tuple[str, ...]:
        """Return the names of the fields that ``brief`` leaves."""
        return ("id", "url", *cls.natural)

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters; a list's own values are looked at by ``list``."""
        filters = self.filterset_class
        known = {"directory", *self.action_parameters()}
        if self.action in SELECTING_ACTIONS:
            known.update(SELECTION_PARAMETERS)
        if self.action == "list":
            known |= PAGING_PARAMETERS | filters.names() | ({FILTER} if self.list_name() else set())
        query = request.query_params
        collect_parameter_faults(query, known=known, repeatable=repeatable_names(filters), faults=faults)
        collect_directory_faults(query, faults)
        if self.action in SELECTING_ACTIONS:
            self._select_fields(query, faults)
        if self.action == "list":
            self.collect_export_faults(request, faults)
            self._read_saved(query, faults)
            self._paging(request, faults)
            filters(query, queryset=self.model._default_manager.none()).collect(faults)  # noqa: SLF001

    def action_parameters(self) -> frozenset[str]:
        """Return the query parameters that this action has of its own."""
        return frozenset()

    def list(self, request: Request) -> HttpResponseBase:
        """Answer one page, or 304 where the caller holds it already, or all of them as a file."""
        with self._directory(request):
            if self.exported_type(request):
                return self.export(request, self._paging(request, Faults()), self._filters(request))
            tag = self._list_tag(
                request
            )  # of a version that is no newer than the rows, which are read after it
            if tag and is_held(tag, request.headers.get("If-None-Match", "")):
                return Response(status=304, headers={"ETag": tag})
            paging = self._paging(request, Faults())
            page = self._page(request, paging, self._filters(request))
            results = self.shaped(request, page.rows)
        links = self._links(request, page)
        body = {"results": results, "next": links.get("next"), "previous": links.get("prev")} | _count_of(
            page
        )
        response = Response(body, headers={"ETag": tag} if tag else {})
        add_links(response, *(link(url, rel) for rel, url in links.items()))
        return response

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """Answer one object, or 304 where the caller holds it already."""
        with self._directory(request):
            row = self.get_queryset().filter(pk=self.pk_of(id)).first()
            if row is None:
                raise self.unknown()
            return self.represented(request, row)

    def represented(self, request: Request, row: Row) -> Response:
        """Return the answer that shows a row, or 304 where the caller holds it already."""
        tag = self.etag_of(request, row)
        if is_held(tag, request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        (shape,) = self.shaped(request, [row])
        return Response(shape, headers={"ETag": tag})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the answer; one of a list or detail says where it is described."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if getattr(self, "action", None) in SELECTING_ACTIONS and answer.status_code < 300:
            document = request.build_absolute_uri(f"{_script_name(request)}/api/schema/")
            add_links(answer, link(document, "describedby"), link(document, "service-desc"))
        return answer

    def pk_of(self, display_id: str) -> UUID | None:
        """Return the key that a display id of this table names; None finds nothing, as an unknown one does."""
        return parse_display_id(self.model.display_prefix, display_id)

    def unknown(self) -> Refused:
        """Return the refusal of an id that names nothing here."""
        return Refused("not_found", "There is no such object.")

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows of the selected directory, with their relations."""
        queryset: QuerySet[Any] = self.model._default_manager.all()  # noqa: SLF001
        relations = self.shown_relations()  # without any, Django would follow all that are not null
        return queryset.select_related(*relations) if relations else queryset

    def shows(self, *names: str) -> bool:
        """Tell whether any of these fields is shown."""
        named = set(names) - self.gone_fields()
        return bool(named if self.shown is None else named & self.shown)

    def gone_fields(self) -> frozenset[str]:
        """Return the fields that are shown no longer, since their sunset has come."""
        fields = (part for part in self.deprecated_parts if part.kind is Kind.FIELD)
        return frozenset(part.name for part in fields if part.is_gone(self.now))

    def is_used(self, request: Request, part: Part) -> bool:
        """Tell whether the call uses a deprecated part of its operation; a field, where it is shown."""
        if part.kind is Kind.FIELD:
            return self.shows(part.name)
        return super().is_used(request, part)

    def shown_relations(self) -> tuple[str, ...]:
        """Return the relations whose fields are shown."""
        return tuple(name for name in self.relations if self.shows(name))

    def serializer_context(self, rows: Iterable[Row]) -> dict[str, Any]:  # noqa: ARG002 -- for subclasses
        """Return what the serializer knows besides the rows."""
        return {}

    def rows_shown(self) -> None:
        """Do what showing these rows asks for; the directory they were read from is still selected."""

    def list_version(self) -> str:
        """Return what moves whenever anything does that the list may show; nothing where there is no such thing."""
        return ""

    def variant(self) -> str:
        """Return what, besides the row, decides how this caller sees it."""
        return ""

    def shaped(self, request: Request, rows: Rows) -> Rows:
        """Return the representations of rows, as this caller sees them."""
        context = {
            "collection_url": self._collection_url(request),
            "url_suffix": self._suffix(request),
            **self.serializer_context(rows),
        }
        serializer: Any = self.shaping_class(self.action)(rows, many=True, context=context)
        for name in self.available_fields(self.action):
            if not self.shows(name):
                del serializer.child.fields[name]
        if self.shown is not None:
            trim(serializer.child.fields, self.shown)
        shapes: Rows = list(serializer.data)
        self.rows_shown()
        return shapes

    def etag_of(self, request: Request, row: Any) -> str:
        """Return the strong tag of a row's representation, whichever request it is an answer to."""
        related = (getattr(row, name) for name in self.shown_relations())
        versions = [f"{one.pk}:{one.row_version}" for one in (row, *related) if one is not None]
        media_type = getattr(request, "accepted_media_type", "")
        address = f"{self.address_of(request, row)}{self._suffix(request)}"
        return etag(settings.VERSION, media_type, self.variant(), *self.tagged_fields(), address, *versions)

    def _list_tag(self, request: Request) -> str:
        """Return the strong tag of a list's answer, in one statement; nothing where it has none, as an estimate."""
        version = "" if "count" in request.query_params else self.list_version()
        if not version:
            return ""
        media_type = getattr(request, "accepted_media_type", "")
        schema, address = selected_schema(DEFAULT_DB_ALIAS), request.build_absolute_uri()
        changing = (*self._state(), *sorted(self.gone_fields()))
        return etag(settings.VERSION, media_type, self.variant(), schema, address, version, *changing)

    def tagged_fields(self) -> tuple[str, ...]:
        """Return what the choice of fields adds to a tag: nothing where all are shown."""
        gone = self.gone_fields()
        without = ("gone", *sorted(gone)) if gone else ()
        return without if self.shown is None else (*without, "fields", *sorted(self.shown))

    def address_of(self, request: Request, row: Row) -> str:
        """Return a row's own address."""
        return f"{self._collection_url(request)}/{row.display_id}"

    def _suffix(self, request: Request) -> str:
        return "?directory=global" if self._is_global(request) else ""

    def _read_saved(self, query: QueryDict, faults: Faults) -> None:
        if name := self.list_name():
            self.saved = read_saved(
                query,
                resource=name,
                filters=self.filterset_class,
                user_id=self.admission.user_id,
                faults=faults,
            )

    def _state(self) -> tuple[str, ...]:
        return (self.saved.state,) if self.saved else ()

    def _filters(self, request: Request) -> DeclaredFilters:
        """Return the filters of the request, over what the saved one leaves."""
        queryset = self.get_queryset()
        if self.saved:
            queryset = self.filterset_class(query_of(self.saved.parameters), queryset=queryset).qs
        return self.filterset_class(request.query_params, queryset=queryset)

    def _select_fields(self, query: QueryDict, faults: Faults) -> None:
        if not query.keys().isdisjoint(SELECTION_PARAMETERS):  # without, none is made only to be looked at
            available, brief = self.selectable_fields(self.action), self.brief_fields()
            self.shown = read_selection(query, available=available, brief=brief, faults=faults)

    def _paging(self, request: Request, faults: Faults) -> Paging:
        with self._directory(request):
            return read_paging(
                request.query_params,
                schema=selected_schema(DEFAULT_DB_ALIAS),
                path=request.path_info,
                default=self.default_ordering,
                orderings=self.orderings,
                faults=faults,
                state="".join(self._state()),
            )

    def _page(self, request: Request, paging: Paging, filters: DeclaredFilters) -> Page:
        """Return the page; only what is narrowed, ordered or counted can take long: else an index is walked."""
        costly = [name for name in (FILTER, "offset", "ordering") if name in request.query_params]
        names = (*filters.slow_names(), *costly)
        if not names:
            return paging.page(filters.qs)
        with list_answered(LIST_TIME_MAX_MS, patterns=filters.patterns(), parameters=names):
            return paging.page(filters.qs)

    def _links(self, request: Request, page: Page) -> dict[str, str]:
        here = self._collection_url(request)
        kept = [
            (name, value)
            for name, values in request.query_params.lists()
            for value in values
            if name not in PLACES
        ]
        first = (page.first,) if page.first else ()
        links = {"self": request.build_absolute_uri(), "first": with_parameters(here, [*kept, *first])}
        for rel, place in (("next", page.next), ("prev", page.previous), ("last", page.last)):
            if place is not None:
                links[rel] = with_parameters(here, [*kept, place])
        return links

    def _collection_url(self, request: Request) -> str:
        depth = 0 if self.action in COLLECTION_ACTIONS else 1 if self.action in STANDARD_ACTIONS else 2
        return request.build_absolute_uri(request.path.rsplit("/", depth)[0])

    def _directory(self, request: Request) -> AbstractContextManager[Any]:
        return public_schema() if self._is_global(request) else nullcontext()

    def _is_global(self, request: Request) -> bool:
        return request.query_params.get("directory") == DIRECTORY_GLOBAL


def _count_of(page: Page) -> dict[str, Any]:
    if page.count is None:
        return {}
    return {"count": page.count} | ({"count_is_estimate": True} if page.count_is_estimate else {})


def _script_name(request: Request) -> str:
    name: str = request.META.get("SCRIPT_NAME", "")
    return name.rstrip("/")
