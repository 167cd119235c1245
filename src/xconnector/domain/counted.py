"""Numbers of things, as a person reads them: `1 record`, `2,000 records`."""


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number with what it counts, of which there is one or are several; by default an `s` makes several."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
