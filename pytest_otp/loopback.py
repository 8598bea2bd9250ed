"""Which hosts mean this machine: traffic to them never leaves it, so it needs no TLS and no proxy."""

from __future__ import annotations

import ipaddress

LOOPBACK = "127.0.0.1"


def is_loopback(host: str) -> bool:
    """Whether a host name or an IP address always means this machine.

    `localhost` and the names below it do (RFC 6761), `127.0.0.0/8` and `::1`, also written as an IPv6 address.
    """
    address = ip_address(host)
    if address is None:
        name = host.lower().rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse a host as an IP address; None if it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
