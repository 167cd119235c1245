"""What a service says of itself in WSDL 1.1: enough to see whether it is the one that a connection speaks to."""

from dataclasses import dataclass

from xconnector.connectors.exstream.soap import UnreadableXmlError, XmlElement, child, children, read_xml

WSDL = "http://schemas.xmlsoap.org/wsdl/"
LARGEST_WSDL = 4 * 1024 * 1024
_MOST_NAMES = 100
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineServiceDescription:
    """The names that a WSDL defines; those of imported documents are not followed."""

    namespace: str
    """Its target namespace."""
    services: tuple[str, ...]
    ports: tuple[str, ...]
    operations: tuple[str, ...]
    addresses: tuple[str, ...]
    """Where the ports are told to listen; behind a gateway not where they are reached."""
    imports: tuple[str, ...]
    """Addresses of further parts, in which the operations may stand."""


def read_wsdl(content: bytes) -> EngineServiceDescription:
    """Return what a WSDL defines. The caller bounds its size. Raises UnreadableXmlError."""
    root = read_xml(content)
    if root.tag != f"{{{WSDL}}}definitions":
        raise UnreadableXmlError("is no WSDL 1.1")
    services = list(children(root, "service"))
    ports = [port for service in services for port in children(service, "port")]
    operations = [one for kind in children(root, "portType") for one in children(kind, "operation")]
    places = [address for port in ports if (address := child(port, "address")) is not None]
    return EngineServiceDescription(
        namespace=_attribute(root, "targetNamespace"),
        services=_names(services),
        ports=_names(ports),
        operations=_names(operations),
        addresses=tuple(_attribute(place, "location") for place in places[:_MOST_NAMES]),
        imports=tuple(_attribute(part, "location") for part in list(children(root, "import"))[:_MOST_NAMES]),
    )


def _names(elements: list[XmlElement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_attribute(element, "name") for element in elements[:_MOST_NAMES]))


def _attribute(element: XmlElement, name: str) -> str:
    return str(element.get(name) or "")[:_LONGEST_NAME]
