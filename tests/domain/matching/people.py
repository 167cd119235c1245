"""People as three sources know them: with typing errors, gaps, placeholders, families and shared mailboxes."""

from collections.abc import Iterator
from random import Random
from typing import Any

FIRST = ("Anna", "Bernd", "Clara", "David", "Eva", "Felix", "Greta", "Hans", "Ida", "Jonas", "Karin", "Lars", "Mia")
LAST = ("Müller", "Schmidt", "Weber", "Wagner", "Becker", "Schulz", "Hoffmann", "Koch", "Bauer", "Klein", "Wolf")
NOTHING = (None, "", "n/a", "NULL", " ", float("nan"), "unknown")
SHARED_MAIL = "no-reply@agency.test"


def people(number: int, chance: Random) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what sources say of this many people, each of one to three, with the number of the person."""
    for person in range(number):
        sound = _person(person, chance)
        for _ in range(chance.choice((1, 2, 2, 3))):
            yield person, {name: _told(name, value, chance) for name, value in sound.items()}


def _person(person: int, chance: Random) -> dict[str, Any]:
    last = chance.choice(LAST) + chance.choice(("", "", "mann", "ski", "berg"))
    first = chance.choice(FIRST)
    # One in fifty shares the mailbox of a family, with another date of birth.
    mailbox = f"familie-{person // 100}@x.test" if person % 50 == 0 else f"{first}.{last}.{person}@x.test"
    return {
        "first_name": first,
        "last_name": last,
        "birth_date": f"{chance.randint(1930, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "postcode": f"{chance.randint(10000, 99999)}",
        "email": mailbox,
        "tax_id": f"{chance.randint(10**10, 10**11 - 1)}",
    }


def _told(name: str, value: str, chance: Random) -> Any:  # noqa: ANN401 - a source gives anything
    luck = chance.random()
    gaps = {"tax_id": 0.5, "email": 0.3}.get(name, 0.08)
    if luck < gaps:
        return SHARED_MAIL if name == "email" and luck < gaps / 5 else chance.choice(NOTHING)
    if luck < gaps + 0.05:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice("0123456789" if value[at].isdigit() else "aeinrst") + value[at + 1 :]
    return value.upper() if luck > 0.9 and name != "birth_date" else value
