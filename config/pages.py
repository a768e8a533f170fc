"""Pages of the platform outside the admin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config import navigation


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go; to who is signed in, which sites they may enter."""
    return render(request, "switchboard/home.html", {"places": navigation.places(request)})
