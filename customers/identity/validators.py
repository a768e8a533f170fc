"""What a time zone and a list of networks may be."""

from ipaddress import ip_network
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError

NETWORKS_MAX = 50


def validate_time_zone(value: str) -> None:
    """Refuse what the IANA time zone database does not list.

    Raises:
        ValidationError: ``time_zone_unknown``.
    """
    if value not in available_timezones():
        raise ValidationError(
            "“%(value)s” is no IANA time zone: write one like Europe/Stockholm.",
            code="time_zone_unknown",
            params={"value": value},
        )


def validate_networks(value: Any) -> None:
    """Refuse what is not a list of at most fifty networks in CIDR form, without host bits, that callers can be in.

    Raises:
        ValidationError: ``networks_invalid``.
    """
    if not isinstance(value, list) or len(value) > NETWORKS_MAX:
        raise ValidationError(f"Networks are a list of at most {NETWORKS_MAX}.", code="networks_invalid")
    for network in value:
        if not _is_network(network):
            raise ValidationError(
                "“%(value)s” is no network: write one like 203.0.113.0/24 or 2001:db8::/32.",
                code="networks_invalid",
                params={"value": str(network)[:100]},
            )


def _is_network(text: Any) -> bool:
    """Tell whether it is a network that addresses of callers are compared with.

    These have no zone, and are IPv4 where they were written as IPv6: nobody is in a network of such.
    """
    try:
        network = ip_network(text if isinstance(text, str) else "")  # a number would be taken for an address
    except ValueError:
        return False
    return "%" not in text and getattr(network.network_address, "ipv4_mapped", None) is None
