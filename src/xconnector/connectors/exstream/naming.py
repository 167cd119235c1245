"""Names as Exstream's designers chose them."""

from typing import Annotated

from pydantic import StringConstraints

Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name as Exstream's designers chose it: one line."""
