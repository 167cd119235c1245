"""Short messages: a text template, filled, within a limit of segments."""

import re
from collections.abc import Mapping
from typing import Any

from xconnector.connectors.embedded.faults import DocumentError
from xconnector.connectors.embedded.jinja import Jinja
from xconnector.domain.sms import sms_length, with_plain_punctuation

_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class SmsTemplate:
    """One template's short message, ready to be filled."""

    def __init__(self, path: str, texts: Mapping[str, str], *, segments: int, plain_punctuation: bool) -> None:
        self._path = path
        self._jinja = Jinja(texts, html=False)
        self._segments = segments
        self._plain_punctuation = plain_punctuation

    def fill(self, data: Mapping[str, Any]) -> bytes:
        """Return the text in UTF-8.

        Raises RenderError where the data does not fit, DocumentError where the text is empty or too long.
        """
        text = _CONTROLS_BUT_LINES.sub("", self._jinja.fill(self._path, data)).strip()
        if self._plain_punctuation:
            text = with_plain_punctuation(text)
        length = sms_length(text)
        if not text:
            raise DocumentError(f"{self._path}: the text is empty with this data")
        if length.segments > self._segments:
            raise DocumentError(
                f"{self._path}: the text takes {length.segments} segments ({length.units} {length.encoding} units) "
                f"and {self._segments} are allowed; shorten the template or raise `sms_segments`"
            )
        return text.encode("utf-8")
