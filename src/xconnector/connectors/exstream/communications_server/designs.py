"""Which design a template stands for."""

from collections.abc import Mapping

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.errors import PermanentError


def design_of(designs: Mapping[str, ExstreamDesign], template: str) -> ExstreamDesign:
    """Return the design that a template stands for. Raises PermanentError where there is none."""
    design = designs.get(template)
    if design is None:
        raise PermanentError(f"template {template!r} has no exstream.yaml, which says what design it stands for")
    return design
