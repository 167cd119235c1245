"""Who may speak for which source: an event names its source by itself, and whoever sends it need not be that."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_ANY_END = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speakers:
    """The sources for which keys and connections may speak, by the name of the key or connection."""

    told: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Of those of whom the project says it: the names of sources, or how they begin where a name ends in `*`."""
    own: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Of each connection the sources that are called as it, or as its feeds."""

    def may_speak(self, speaker: str, source: str) -> bool:
        """Say whether a key or connection may send what a source says.

        A connection may always speak for itself. Whoever is told speaks for no others than it is told; who is not told
        speaks for every source that the project gives to nobody else.
        """
        if source in self.own.get(speaker, ()):
            return True
        told = self.told.get(speaker)
        if told is not None:
            return _is_among(source, told)
        return not any(source in own for own in self.own.values()) and not any(
            _is_among(source, others) for others in self.told.values()
        )


EVERYBODY_FOR_ALL = Speakers()


def _is_among(source: str, names: frozenset[str]) -> bool:
    return source in names or any(
        name.endswith(_ANY_END) and source.startswith(name.removesuffix(_ANY_END)) for name in names
    )
