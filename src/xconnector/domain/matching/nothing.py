"""Words that stand for nothing: what programs and people write where there is no value."""

_NO_VALUE = frozenset(
    {
        *("null", "none", "nil", "nan", "na", "nat", "n/a", "#n/a", "n.a.", "k.a.", "undefined", "unknown"),
        *("unbekannt", "empty", "leer", "keine", "kein", "ohne", "missing", "not available", "not known", "not given"),
        *("no email", "inconnu", "desconocido", "sconosciuto", "anonymous", "anonym"),
    }
)
NOTHING = _NO_VALUE | {"test", "dummy", "tbd", "xxx", "0"}
"""Small letters; also what may well number a customer, but never tells one from another."""


def names_nobody(key: str) -> bool:
    """Say whether a key of a customer is none: it is empty, or a word for no value, such as `NaN` or `n/a`.

    Everybody without a key would have it, and strangers would be one customer. `0` and `test` may be keys.
    """
    plain = key.strip().casefold()
    return not plain or plain in _NO_VALUE
