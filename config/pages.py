"""Pages of the platform outside the admin."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.defaults import server_error

from config import navigation

RETRY_AFTER_S = 5


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go; to who is signed in, which sites they may enter."""
    return render(request, "switchboard/home.html", {"places": navigation.places(request)})


def explain_failure(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database is what failed, and 500 for every other failure; neither page asks the database."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return server_error(request)
    page = render_to_string("503.html", {"detail": "The database does not answer. Try again in a while."})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
