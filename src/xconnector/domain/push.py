"""Push messages: a title, a few words, and where they lead, on the screen of a customer's device."""

import json
import re
from dataclasses import dataclass, field

from xconnector.domain.strict_json import StrictJsonError, read_json

LARGEST = 2000
"""Bytes of a message as it is kept: with what each service adds, below the 4 kB that all of them take."""
LONGEST_TITLE = 120
"""Characters."""

_LINK = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://[!-~]+", re.ASCII)
_NO_PLACES = frozenset({"http", "javascript", "data", "file", "vbscript"})
"""Schemes that show customers' content on the way, or run or open something on the device."""


class PushError(ValueError):
    """The text makes no push message; the message says why and shows none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushNotice:
    """What a device shows."""

    title: str = field(repr=False)
    body: str = field(repr=False)
    """Below the title; may be empty."""
    link: str | None = field(default=None, repr=False)
    """Where a tap leads: an address on the web, or one of the app, such as `bank://statements`."""


def push_of_text(text: str) -> PushNotice:
    """Return the message that a filled template means: title in the first line, a link alone in the last.

    Raises PushError.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    link = lines.pop() if len(lines) > 1 and _LINK.fullmatch(lines[-1]) else None
    message = PushNotice(title=lines[0] if lines else "", body="\n".join(lines[1:]).strip(), link=link)
    push_content(message)
    return message


def push_content(message: PushNotice) -> bytes:
    """Return the message as it is kept, approved, and handed over: JSON with `title`, `body`, and `link`.

    Raises PushError for a message that no device should show.
    """
    if not message.title:
        raise PushError("a push message needs a title: its first line")
    if len(message.title) > LONGEST_TITLE:
        raise PushError(f"the title has {len(message.title)} characters and may have {LONGEST_TITLE}")
    link = message.link and _LINK.fullmatch(message.link)
    if message.link is not None and (not link or link["scheme"] in _NO_PLACES):
        raise PushError("a link begins with https:// or with the scheme of an app")
    words = {"title": message.title, "body": message.body, "link": message.link}
    try:
        content = json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise PushError("the text holds half a character") from None
    if len(content) > LARGEST:
        raise PushError(f"the message takes {len(content)} bytes and may take {LARGEST}")
    return content


def read_push(content: bytes) -> PushNotice:
    """Return the message that was kept.

    Raises PushError for bytes that are none.
    """
    try:
        told = read_json(content, depth=1)
    except StrictJsonError as wrong:
        raise PushError(f"this is no push message: {wrong}") from None
    if not isinstance(told, dict) or told.keys() != {"title", "body", "link"}:
        raise PushError("a push message has title, body, and link, and nothing else")
    title, body, link = told["title"], told["body"], told["link"]
    if not (isinstance(title, str) and isinstance(body, str) and isinstance(link, str | None)):
        raise PushError("title, body, and link of a push message are text")
    message = PushNotice(title=title, body=body, link=link)
    push_content(message)
    return message
