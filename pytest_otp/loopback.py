"""Which hosts are this machine: traffic to them never leaves it, so they need no TLS and no proxy."""

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
    """The address that a host is, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
