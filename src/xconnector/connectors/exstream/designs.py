"""Which design a template stands for."""

from collections.abc import Mapping
from typing import TypeVar

from xconnector.contract.errors import PermanentError

D = TypeVar("D")


def design_of(designs: Mapping[str, D], template: str) -> D:
    """Return the design that a template stands for. Raises PermanentError where it stands for none."""
    design = designs.get(template)
    if design is None:
        raise PermanentError(f"template {template!r} has no exstream.yaml, which says what design it stands for")
    return design
