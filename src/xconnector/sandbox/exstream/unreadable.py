"""What is said of a driver that the stand-in cannot read."""


class UnreadableDriverError(Exception):
    """The driver does not fit the design's layout; the message says why, without content."""
