"""What a driver file is called where it is sent: Exstream's documentation tells no types of record files."""

from typing import Annotated

from pydantic import StringConstraints

MediaType = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?[A-Za-z0-9-]+=[A-Za-z0-9._-]+)*$"),
]
"""A media type such as `text/csv`, perhaps with parameters such as `text/csv; charset=utf-8`."""
