"""Whether what a WSDL describes is the service that the settings speak to."""

from collections.abc import Sequence

from xconnector.connectors.exstream.engine_service.request import OPERATION
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.wsdl import EngineServiceDescription
from xconnector.contract.errors import MisconfiguredError


def refuse_other_service(described: EngineServiceDescription, settings: EngineServiceSettings) -> None:
    """Raise MisconfiguredError where a WSDL tells of another service than the settings."""
    for told, setting in differences(described, settings):
        raise MisconfiguredError(f"the WSDL {settings.wsdl_url} {told}: correct {setting}")


def differences(described: EngineServiceDescription, settings: EngineServiceSettings) -> Sequence[tuple[str, str]]:
    """Return what is described otherwise than the settings have it, each with the setting that says so."""
    wanted: Sequence[tuple[str, str, Sequence[str], str]] = (
        ("service", settings.service, described.services, "`service`"),
        ("port", settings.port, described.ports, "`port`"),
        ("namespace", settings.namespace, [described.namespace], "`namespace`"),
        ("operation", OPERATION, described.operations, "`url` or `wsdl`"),
    )
    return [
        (f"knows no {what} {name!r}, but {_told(there)}", setting)
        for what, name, there, setting in wanted
        # A WSDL in parts tells the rest in one that is not read here.
        if name not in there and not (described.imports and what in {"operation", "namespace"})
    ]


def _told(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
