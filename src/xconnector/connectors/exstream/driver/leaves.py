"""Finds in which place of some data a value stands, for a refusal that has to name it."""

from collections.abc import Iterator

from xconnector.domain.strict_json import Json


def leaves_of(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Yield every single value with its path."""
    match value:
        case dict():
            for name, held in value.items():
                yield from leaves_of(held, f"{path}.{name}" if path else name)
        case list():
            for at, item in enumerate(value):
                yield from leaves_of(item, f"{path}[{at}]")
        case _:
            yield path, value
