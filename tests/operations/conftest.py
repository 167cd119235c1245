"""The office of the main path's tests, with its one composer."""

from tests.pipeline.conftest import composer, office

__all__ = ["composer", "office"]
