"""Lists and details of a table, with one set of manners."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from inspect import cleandoc
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.utils import DEFAULT_DB_ALIAS
from django.http import HttpResponseBase
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
from config.foundation.rest.operations import QUERY_ERRORS, Operation
from config.foundation.rest.paging import Page, Paging, with_parameters
from config.foundation.rest.patterns import patterns_matched
from config.foundation.rest.queries import (
    DIRECTORY_GLOBAL,
    DIRECTORY_PARAMETER,
    PAGING_PARAMETERS,
    PLACES,
    collect_directory_faults,
    collect_parameter_faults,
    paging_parameters,
    read_paging,
    repeatable_names,
)
from config.foundation.rest.selection import SELECTION_PARAMETERS, read_selection, selection_parameters
from config.foundation.rest.serializers import RowSerializer
from config.foundation.rest.views.exporting import ExportedList
from config.foundation.rows import Row, public_schema, selected_schema

Rows = list[Any]
COLLECTION_ACTIONS = frozenset({"list", "create"})
SELECTING_ACTIONS = frozenset({"list", "retrieve"})
STANDARD_ACTIONS = COLLECTION_ACTIONS | {"retrieve", "partial_update", "destroy"}


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

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of ``list`` or ``retrieve``."""
        resource, meaning = cls.plural.replace(" ", "_"), cleandoc(cls.__doc__ or "")
        if action == "list":
            return Operation(
                operation_id=f"{resource}_list",
                summary=f"List {cls.plural}",
                description=f"{meaning} "
                "Pages by cursor: follow `next` until it is null. With `offset` "
                "a page is cut by number, and rows are counted. Unchanged since `If-None-Match`, the answer is 304. "
                f"{cls._describe_files()}",
                tag=cls.tag,
                response=cls.serializer_class,
                response_example={"results": [cls.example], "next": None, "previous": None},
                is_list=True,
                parameters=(
                    *cls.filterset_class.parameters(),
                    *paging_parameters(cls.orderings),
                    *selection_parameters(cls.available_fields(action), cls.brief_fields()),
                    DIRECTORY_PARAMETER,
                ),
                headers=("Link", "ETag"),
                is_conditional=True,
                takes_selection=True,
                errors=(*QUERY_ERRORS, "unknown_field", "invalid_cursor"),
            )
        return Operation(
            operation_id=f"{resource}_retrieve",
            summary=f"Read one {cls.noun}",
            description=f"{meaning} Unchanged since `If-None-Match`, the answer is 304. The tag of chosen fields is "
            "good for that alone: to change the object, read all of it.",
            tag=cls.tag,
            response=cls.serializer_class,
            response_example=cls.example,
            parameters=(
                *selection_parameters(cls.available_fields(action), cls.brief_fields()),
                DIRECTORY_PARAMETER,
            ),
            headers=("Link", "ETag"),
            is_conditional=True,
            takes_selection=True,
            errors=(*QUERY_ERRORS, "unknown_field"),
        )

    @classmethod
    def _describe_files(cls) -> str:
        needed = f", needs the privilege `{cls.export_privilege}`" if cls.export_privilege else ""
        return (
            f"As CSV or lines of JSON it has all rows, takes no parameter of pages{needed}, and is audited."
        )

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
    def brief_fields(cls) -> tuple[str, ...]:
        """Return the names of the fields that ``brief`` leaves."""
        return ("id", "url", *cls.natural)

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters; a list's own values are looked at by ``list``."""
        filters = self.filterset_class
        known = {"directory"}
        if self.action in SELECTING_ACTIONS:
            known.update(SELECTION_PARAMETERS)
        if self.action == "list":
            known |= PAGING_PARAMETERS | filters.names()
        query = request.query_params
        collect_parameter_faults(query, known=known, repeatable=repeatable_names(filters), faults=faults)
        collect_directory_faults(query, faults)
        if self.action in SELECTING_ACTIONS:
            available, brief = self.available_fields(self.action), self.brief_fields()
            self.shown = read_selection(query, available=available, brief=brief, faults=faults)
        if self.action == "list":
            self.collect_export_faults(request, faults)
            self._paging(request, faults)
            filters(query, queryset=self.model._default_manager.none()).collect(faults)  # noqa: SLF001

    def list(self, request: Request) -> HttpResponseBase:
        """Answer one page, or 304 where the caller holds it already, or all of them as a file."""
        with self._directory(request):
            if self.exported_type(request):
                narrowed = self.filterset_class(request.query_params, queryset=self.get_queryset())
                return self.export(request, self._paging(request, Faults()), narrowed)
            tag = self._list_tag(
                request
            )  # of a version that is no newer than the rows, which are read after it
            if tag and is_held(tag, request.headers.get("If-None-Match", "")):
                return Response(status=304, headers={"ETag": tag})
            paging = self._paging(request, Faults())
            filters = self.filterset_class(request.query_params, queryset=self.get_queryset())
            with patterns_matched(filters.patterns()):
                page = paging.page(filters.qs)
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
        gone = sorted(self.gone_fields())
        return etag(settings.VERSION, media_type, self.variant(), schema, address, version, *gone)

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

    def _paging(self, request: Request, faults: Faults) -> Paging:
        with self._directory(request):
            return read_paging(
                request.query_params,
                schema=selected_schema(DEFAULT_DB_ALIAS),
                path=request.path_info,
                default=self.default_ordering,
                orderings=self.orderings,
                faults=faults,
            )

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
