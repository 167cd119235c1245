"""What sources write where they mean yes or no."""

_YES = frozenset({"true", "t", "yes", "y", "1", "on", "ja", "j", "oui", "o", "si", "sì", "sí", "s"})
_NO = frozenset({"false", "f", "no", "n", "0", "off", "nein", "non", "none"})


def yes_or_no(given: object) -> bool | None:
    """Return what is meant; None where nothing is said, or something else."""
    word = str(given).strip().lower()
    if word in _YES:
        return True
    return False if word in _NO and given is not None else None
