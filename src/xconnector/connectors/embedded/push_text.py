"""Push messages: a text template, filled; title in the first line, a link alone in the last."""

import re
from collections.abc import Mapping
from typing import Any

from xconnector.connectors.embedded.faults import DocumentError
from xconnector.connectors.embedded.jinja import Jinja
from xconnector.domain.push import PushError, push_content, push_of_text

_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class PushTemplate:
    """One template's push message, ready to be filled."""

    def __init__(self, path: str, texts: Mapping[str, str]) -> None:
        self._path = path
        self._jinja = Jinja(texts, html=False)

    def fill(self, data: Mapping[str, Any]) -> bytes:
        """Return the message as it is kept.

        Raises RenderError where the data does not fit, DocumentError for what no device should show.
        """
        text = _CONTROLS_BUT_LINES.sub("", self._jinja.fill(self._path, data))
        try:
            return push_content(push_of_text(text))
        except PushError as wrong:
            raise DocumentError(f"{self._path}: {wrong}") from None
