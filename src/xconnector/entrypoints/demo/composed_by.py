"""Who composes in the demo; cheap to import, for the command line's help."""

from enum import StrEnum


class ComposedBy(StrEnum):
    """Who composes."""

    EMBEDDED = "embedded"
    EXSTREAM = "exstream"
