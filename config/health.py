"""Whether this process is alive, and whether it can serve: asked by supervisors, on any host, before tenancy."""

from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from config.foundation.rest.problems import answer_problem

LIVE = "/healthz"
READY = "/readyz"


class HealthMiddleware:
    """Answers ``/healthz`` without the database, and ``/readyz`` with one statement to it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the two paths; let every other request pass."""
        if request.path_info not in {LIVE, READY} or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        if request.path_info == READY and not _database_answers():
            return answer_problem("not_ready", "The database does not answer.")
        return JsonResponse({"ok": True, "version": settings.VERSION})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
