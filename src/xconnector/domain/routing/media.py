"""Media in the words of people."""

from collections.abc import Collection, Mapping

from xconnector.domain.routing.plan import Medium

_WORDS: Mapping[Medium, str] = {
    Medium.PRINT: "print",
    Medium.EMAIL: "e-mail",
    Medium.SMS: "text message",
    Medium.PORTAL: "portal",
    Medium.PUSH: "push message",
}
_WAYS: Mapping[Medium, str] = {
    Medium.PRINT: "to print",
    Medium.EMAIL: "by e-mail",
    Medium.SMS: "by text message",
    Medium.PORTAL: "to the portal",
    Medium.PUSH: "by push message",
}


def word_for(medium: Medium) -> str:
    """Return what people call it: `e-mail`."""
    return _WORDS[medium]


def way_of(medium: Medium) -> str:
    """Return where it goes, behind a verb: `by e-mail`, `to print`."""
    return _WAYS[medium]


def listed(media: Collection[Medium]) -> str:
    """Return media in their own order: `print, e-mail or portal`."""
    words = [_WORDS[medium] for medium in Medium if medium in media]
    return " or ".join([*([", ".join(words[:-1])] if words[:-1] else []), *words[-1:]])
