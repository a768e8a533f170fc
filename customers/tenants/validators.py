"""What a slug, a host name and the free-form columns of a tenant may be."""

import json
import re
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError

RESERVED_SLUGS = frozenset({"public", "admin", "api", "t", "static", "media", "www", "app", "health"})
PARAMS_MAX_BYTES = 64 * 1024
IMAGES_MAX = 10

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*", re.ASCII)
_DEVIATIONS = frozenset("ßς\u200c\u200d")  # IDNA 2003 and 2008 read these as different hosts


def validate_slug(value: str) -> None:
    """Refuse a slug that is not 1 to 63 lower-case letters, digits and inner hyphens, or that is reserved.

    Raises:
        ValidationError: ``slug_invalid`` or ``slug_reserved``.
    """
    if not _SLUG.fullmatch(value):
        raise ValidationError(
            "“%(value)s” is no slug: use 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a "
            "letter or digit.",
            code="slug_invalid",
            params={"value": value},
        )
    if value in RESERVED_SLUGS:
        message = "“%(value)s” is reserved: choose another slug."
        raise ValidationError(message, code="slug_reserved", params={"value": value})


def validate_host(value: str) -> None:
    """Refuse what is not a lower-case host name in its IDNA form.

    Raises:
        ValidationError: ``host_invalid``.
    """
    if not _HOST.fullmatch(value):
        raise ValidationError(
            "“%(value)s” is no host name: write it in lower case, without port, international names as xn--….",
            code="host_invalid",
            params={"value": value},
        )


def normalized_host(value: str) -> str:
    """Return a host name as it is kept: lower case, without the final dot, international labels as ``xn--…``.

    Raises:
        ValidationError: ``host_invalid``.
    """
    host = value.strip().lower().removesuffix(".")
    if not host.isascii() and not _DEVIATIONS & set(host):
        with suppress(UnicodeError):  # the validator says what a host is
            host = host.encode("idna").decode("ascii").lower()
    validate_host(host)
    return host


def validate_params(value: Any) -> None:
    """Refuse tenant parameters that are not a JSON object of at most 64 KiB.

    Raises:
        ValidationError: ``params_invalid`` or ``params_too_large``.
    """
    if not isinstance(value, dict):
        raise ValidationError("Parameters are a JSON object, like {}.", code="params_invalid")
    size = len(json.dumps(value, ensure_ascii=False).encode())
    if size > PARAMS_MAX_BYTES:
        raise ValidationError(
            "Parameters take %(size)s bytes; the limit is %(limit)s.",
            code="params_too_large",
            params={"size": size, "limit": PARAMS_MAX_BYTES},
        )


def validate_images(value: Any) -> None:
    """Refuse an image list that is not at most ten https URLs.

    Raises:
        ValidationError: ``images_invalid``.
    """
    if (
        not isinstance(value, list)
        or len(value) > IMAGES_MAX
        or not all(isinstance(url, str) and url.startswith("https://") and len(url) <= 2000 for url in value)
    ):
        raise ValidationError("Images are a list of at most ten https:// URLs.", code="images_invalid")
