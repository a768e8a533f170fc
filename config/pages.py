"""Pages of the platform outside the admin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    return render(request, "switchboard/home.html")
