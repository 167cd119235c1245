"""The office of the main path's tests, with its one composer; and a pool alone."""

from tests.pipeline.conftest import composer, office
from tests.store.conftest import pool

__all__ = ["composer", "office", "pool"]
