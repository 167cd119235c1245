"""A disk without room."""

import resource
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def room_for(size: int) -> Generator[None]:
    """Let no file grow beyond this many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
