"""Whether a described service may join the services of a gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from ..errors import SettingsError
from .described import DescribedService
from .description import ServiceDescription
from .hosts import HostTable
from .placeholders import PathTemplate


def is_new(
    description: ServiceDescription,
    services: Iterable[object],
    hosts: HostTable,
    matches: Callable[[Request], bool],
) -> bool:
    """Whether to add a service; False if the very same one is there, as xdist's workers each add theirs.

    Args:
        description: The service.
        services: Those that are there.
        hosts: Their hosts.
        matches: Whether one of them answers a request to the gateway's own address.

    Raises:
        SettingsError: If its name or one of its hosts is taken, or it has no host and one of its paths is taken.
    """
    for service in services:
        if getattr(service, "SERVICE", None) == description.name:
            if isinstance(service, DescribedService) and description == service.DESCRIPTION:
                return False
            raise SettingsError(
                f"the service {description.name!r}: the gateway has another service with this name",
                hint="Give it another name.",
            )
    for host in description.hosts:
        taken = hosts.served_meeting(host)
        if taken is not None:
            raise SettingsError(
                f"the service {description.name!r}: {host} is a host of {taken}, which the gateway serves already",
                hint="Name only hosts of your own service.",
            )
    for each in description.requests if not description.hosts else ():
        if matches(Request(EnvironBuilder(PathTemplate.parse(each.path).sample, method=each.method).get_environ())):
            raise SettingsError(
                f"the service {description.name!r}: {each.path} is a path of another service, and it has no host",
                hint="Name its hosts, or use another path.",
            )
    return True
