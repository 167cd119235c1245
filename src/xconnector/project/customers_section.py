"""What `customers:` of `xconnector.yaml` says, with what the rest of the project adds to it."""

from collections.abc import Collection

from xconnector.project.customer_fields import CustomerFields
from xconnector.project.files import CustomersShape
from xconnector.project.known import KnownCommunication
from xconnector.project.model import Feed
from xconnector.project.shape import Shaped, shape
from xconnector.project.yaml_file import YamlFile


def known_sources(file: YamlFile, feeds: Collection[Feed]) -> frozenset[str]:
    """Return the names of the sources of customers' data that the project knows."""
    return frozenset([*_section(file).sources, *(feed.name for feed in feeds if feed.connection is not None)])


def known_fields(file: YamlFile, communications: Collection[KnownCommunication | None]) -> CustomerFields:
    """Return the fields of customers that the project knows; communications that are not understood are None."""
    understood = [one.kind for one in communications if one is not None]
    kinds = frozenset(name for kind in understood for name in (kind.name, kind.category))
    return CustomerFields(
        own=frozenset(_section(file).fields), kinds=kinds if len(understood) == len(communications) else None
    )


def _section(file: YamlFile) -> CustomersShape:
    """Return the section, or an empty one where it is wrong: that is complained of with the whole file's shape."""
    content = file.content.get("customers") if isinstance(file.content, dict) else None
    shaped, _ = (None, []) if content is None else shape(CustomersShape, content, Shaped(file=file))
    return CustomersShape() if shaped is None else shaped
