"""Which fields of a customer a project knows: those of the golden record, wishes for its kinds of mail, and its own."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from xconnector.project.findings import named_like

GOLDEN_FIELDS = (
    "title",
    "first_name",
    "last_name",
    "company",
    "address_lines",
    "postcode",
    "city",
    "region",
    "country",
    "language",
    "email",
    "mobile",
    "preference",
    "quiet_hours",
    "alternate_format",
    "email_consent",
    "portal_account",
    "birth_date",
    "tax_id",
    "deceased_on",
)
"""Fields of the golden record, beside `preference.<category or communication>`.

`region` is a part of the country as ISO 3166-2 names it, without the country: `NY`.
"""

_WISH = "preference."
_OWN_WISH = re.compile(r"preference\.[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_ADD = "add it to `customers: fields:` in xconnector.yaml"


def is_golden_field(name: str) -> bool:
    """Say whether the golden record has a field of this name, in whatever project."""
    return name in GOLDEN_FIELDS or _OWN_WISH.fullmatch(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFields:
    """The fields of customers that one project knows."""

    own: frozenset[str] = frozenset()
    """Those that only this project has, as `customers: fields:` names them."""
    kinds: frozenset[str] | None = None
    """Communications and categories for which there may be a wish of its own; None where not all are understood."""

    def knows(self, name: str) -> bool:
        """Say whether it is a field; the whole `address` and `*` are none."""
        if name.startswith(_WISH) and self.kinds is not None:
            return name.removeprefix(_WISH) in self.kinds
        return is_golden_field(name) or name in self.own

    @property
    def names(self) -> list[str]:
        """Return the names of all fields."""
        wishes = [f"{_WISH}{kind}" for kind in sorted(self.kinds or ())]
        return [*GOLDEN_FIELDS, *wishes, *sorted(self.own)]

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are no field, each once."""
        return [name for name in dict.fromkeys(names) if not self.knows(name)]

    def remedy(self, name: str, *, beside: Collection[str] = ()) -> str:
        """Return what to write instead of a name that is no field, where those `beside` could be written too."""
        near = named_like(name, [*self.names, *beside])
        return f"{near} Or {_ADD}" if near.endswith("?") else f"{near}; or {_ADD}"
