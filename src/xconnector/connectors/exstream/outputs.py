"""What Exstream gives back, and how it becomes the renditions of a communication."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOutput:
    """One file of one output queue."""

    queue: str
    media_type: str
    """As Exstream names it, without parameters."""
    content: bytes = field(repr=False)
    pages: int | None = None
    """As Exstream counts them; None where it does not say."""
