"""What cannot be written as a driver says."""


class RefusedError(ValueError):
    """A customer cannot be written. The message names the path, and no value."""

    def __init__(self, path: str, complaint: str) -> None:
        super().__init__(f"{path} {complaint}")
