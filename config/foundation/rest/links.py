"""The header Link (RFC 8288)."""

from django.http import HttpResponseBase


def link(address: str, rel: str, media_type: str = "") -> str:
    """Return one link as the header writes it."""
    kind = f'; type="{media_type}"' if media_type else ""
    return f'<{address}>; rel="{rel}"{kind}'


def add_links(response: HttpResponseBase, *links: str) -> None:
    """Add links to those that an answer has."""
    response["Link"] = ", ".join([*filter(None, [response.get("Link")]), *links])
