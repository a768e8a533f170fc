"""Looks of the admin."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Switchboard",
    "SITE_HEADER": "Switchboard",
    "SITE_URL": None,  # the way to the start page stands among the places
    "SITE_ICON": lambda _request: static("switchboard/logo.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("switchboard/favicon.svg"),
        }
    ],
    "STYLES": [lambda _request: static("switchboard/switchboard.css")],
    "SHOW_HISTORY": True,  # leads to the audit chain
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "ACCOUNT": {
        "navigation": [
            {"title": "API documentation", "link": lambda _request: reverse("api-docs")},
            {"title": "Change password", "link": lambda _request: reverse("admin:password_change")},
        ]
    },
    "COLORS": {
        "primary": {
            "50": "oklch(97.1% .014 237)",
            "100": "oklch(93.6% .032 237)",
            "200": "oklch(88.5% .062 237)",
            "300": "oklch(80.8% .105 237)",
            "400": "oklch(72.0% .140 240)",
            "500": "oklch(63.0% .155 245)",
            "600": "oklch(52.0% .150 250)",
            "700": "oklch(45.0% .135 252)",
            "800": "oklch(39.0% .110 254)",
            "900": "oklch(34.0% .085 256)",
            "950": "oklch(26.0% .065 258)",
        }
    },
}
