"""The services of one's own that a run's gateway serves, also where xdist's controller runs it for all workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..gateway.description import ServiceDescription
    from ..settings import Settings
    from .relay import Hub
    from .relay_worker import Branch

__tracebackhide__ = True

_TOPIC = "gateway service"


def described_services(settings: Settings, root: Path) -> list[ServiceDescription]:
    """The services of plugins, and those of `--otp-gateway-services`. Raises `SettingsError`."""
    from ..gateway.service_sources import services_of_file, services_of_plugins  # noqa: PLC0415 - only with a gateway

    of_file = services_of_file(root / settings.gateway_services) if settings.gateway_services else []
    return [*services_of_plugins(), *of_file]


def add_to_shared(branch: Branch, description: ServiceDescription) -> None:
    """In a worker: add a service to the controller's gateway. Raises `SettingsError` if it does not take it."""
    for refusal in branch.ask(_TOPIC, description.to_plain()):
        if refusal is not None:
            raise SettingsError(refusal["message"], hint=refusal["hint"])


def take_services(hub: Hub, address: GatewayAddress) -> None:
    """In the controller: add the services that workers ask for."""

    def add(plain: dict[str, Any]) -> dict[str, str] | None:
        from ..gateway.description import ServiceDescription  # noqa: PLC0415 - only for a run that adds some

        try:
            address.add_service(ServiceDescription.from_plain(plain))
        except SettingsError as error:
            return {"message": error.message, "hint": error.hint}
        return None

    hub.handle(_TOPIC, add)
