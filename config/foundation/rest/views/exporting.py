"""Lists as files, by content negotiation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.foundation.refusals import Export, tell_exported
from config.foundation.rest.errors import Faults
from config.foundation.rest.exports import EXPORTED_TYPES, EXPORTERS, PAGE_SIZE, Sending, written
from config.foundation.rest.paging import Paging
from config.foundation.rest.time_limits import FILE_TIME_MAX_MS, list_answered
from config.foundation.rest.views.admitted import AdmittedView

PAGE_PARAMETERS = ("limit", "cursor", "offset", "count")


class ExportedList(AdmittedView):
    """A list whose rows are all sent as a file to who accepts nothing else than CSV or lines of JSON.

    The file is written while it is sent, when the request is over: each page is read, and what it reveals is audited,
    with the list's schema selected again. ``export_privilege`` is needed besides, where one is named.
    """

    export_privilege: ClassVar[str] = ""
    action: str
    plural: ClassVar[str]

    def get_renderers(self) -> list[BaseRenderer]:
        """Return what is offered; the files are offered of lists alone."""
        offered: list[BaseRenderer] = super().get_renderers()
        return [*offered, *(one() for one in EXPORTERS)] if self.is_listing else offered

    @property
    def is_listing(self) -> bool:
        """Tell whether the request is for a list."""
        return getattr(self, "action", None) == "list"

    def exported_type(self, request: Request) -> str:
        """Return the media type of the file that is asked for; nothing where it is a page."""
        accepted = str(getattr(request, "accepted_media_type", "")).partition(";")[0]
        return accepted if self.is_listing and accepted in EXPORTED_TYPES else ""

    def needed_privileges(self) -> tuple[str, ...]:
        """Return the privileges that this request needs."""
        is_export = self.export_privilege and self.exported_type(self.request)
        return (*super().needed_privileges(), *((self.export_privilege,) if is_export else ()))

    def collect_export_faults(self, request: Request, faults: Faults) -> None:
        """Add a fault for each parameter of a page, which a file has none of."""
        if self.exported_type(request):
            for name in PAGE_PARAMETERS:
                if name in request.query_params:
                    faults.at_parameter(name, "A file has all rows: leave this out.", "exclusive")

    def export(self, request: Request, paging: Paging, filters: Any) -> StreamingHttpResponse:
        """Answer the file, the export written to the chain before the first row leaves.

        Raises:
            InvalidInput: ``regex_too_slow`` or ``search_too_slow``, where counting its rows takes too long.
            Refused: ``list_too_slow``, likewise, where all rows are asked for.
        """
        view: Any = self
        media_type = self.exported_type(request)
        queryset: QuerySet[Any] = filters.qs
        columns = [name for name in view.available_fields("list") if view.shows(name)]
        sent: Any = ()
        if request.method != "HEAD":
            slow = filters.slow_names()
            with list_answered(FILE_TIME_MAX_MS, patterns=filters.patterns(), parameters=slow):
                row_count = queryset.order_by().count()
            names = tuple(sorted(request.query_params))
            resource, kind = view.model._meta.label_lower, request.accepted_renderer.format
            tell_exported(Export(self.admission.actor, resource, kind, names, row_count))
            pages = replace(paging, limit=PAGE_SIZE).pages(queryset)
            shaped = Sending.of_now().pages(pages, lambda rows: view.shaped(request, rows))
            sent = written(media_type, columns, shaped)
        response = StreamingHttpResponse(sent, content_type=f"{media_type}; charset=utf-8")
        file_name = f"{self.plural.replace(' ', '-')}.{request.accepted_renderer.format}"
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
        return response
