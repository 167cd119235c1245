"""Why a mail did not arrive, from what a mail system says and the codes beside it."""

import re
from dataclasses import dataclass, replace

from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.feedback.meaning import Meaning
from xconnector.domain.feedback.phrase import Phrasebook
from xconnector.domain.feedback.status_codes import meaning_of_reply, meaning_of_status, reply_code_in, status_in
from xconnector.domain.feedback.words_of_mail_systems import STRONG, WEAK

MOST_WORDS = 4 * 1024
"""Characters of a diagnostic that are looked at."""

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}+@(?:[\w-]{1,63}+(?:\.(?=\w))?+){1,12}+")
_CODES = re.compile(
    r"(?<![\d.])[245]\d\d(?=[ #:;-]|$)[ :;-]?(?:#?[245]\.\d{1,3}\.\d{1,3})?-?|#?\b[245]\.\d{1,3}\.\d{1,3}\b"
)
# `host mx.example[192.0.2.1] said: …`: whose words follow, which is no part of them.
_QUOTED_BY_POSTFIX = re.compile(r"\bhost \S{1,255} (?:\S{1,64} )?said: ?")
_MARKS = str.maketrans(dict.fromkeys('<>[](){}"“”„«»*|', " ") | {"’": "'", "‘": "'"})

_PASSING = frozenset({DeliveryReason.UNREACHABLE, DeliveryReason.THROTTLED})

_STRONG = Phrasebook(STRONG)
_WEAK = Phrasebook(WEAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why, and by which codes."""

    meaning: Meaning
    status: str | None
    """Enhanced status code, such as `5.1.1`."""
    reply_code: str | None
    """Of SMTP, such as `550`."""
    is_certain: bool
    """Read from words or from a code that says it; where not, another text may still say more."""

    @property
    def detail(self) -> str:
        """Codes and our words, without anything of the customer's."""
        return " ".join(part for part in (self.status, self.reply_code, self.meaning.words) if part)

    @property
    def is_temporary(self) -> bool:
        """Say whether the last system left it open: by its codes, or else as such things pass."""
        if (self.reply_code or "").startswith("5"):
            return False
        if self.status is not None:
            return self.status.startswith("4")
        return self.reply_code is not None or self.meaning.reason in _PASSING

    def supplemented(self, said: "Diagnosis") -> "Diagnosis":
        """Return this diagnosis with what was said elsewhere, where that says more."""
        if not said.is_certain and (self.meaning is not Meaning.OTHER or said.meaning is Meaning.OTHER):
            return self
        return replace(
            said, status=_more_exact(self.status, said.status), reply_code=self.reply_code or said.reply_code
        )


def diagnosed(words: str, *, status: str | None = None) -> Diagnosis:
    """Return what a diagnostic text means, beside the status code that was told with it."""
    words = words[:MOST_WORDS]
    text = plain(words)
    told = _more_exact(status, status_in(words))
    reply = reply_code_in(words)
    by_words = _STRONG.meaning_of(text)
    by_status = meaning_of_status(told)
    by_weak_words = _WEAK.meaning_of(text) if by_words is None else None
    if by_weak_words is not None and by_weak_words.is_lasting and (told or reply or "").startswith("4"):
        # A mailbox that is unavailable for the moment is one that is busy or locked.
        by_weak_words = None
    of_codes = (by_weak_words, by_status) if _says_nothing(told) else (by_status, by_weak_words)
    found = next((one for one in (by_words, *of_codes, meaning_of_reply(reply)) if one is not None), None)
    return Diagnosis(
        meaning=found or Meaning.OTHER,
        status=told,
        reply_code=reply,
        is_certain=by_words is not None or (by_status is not None and not _is_vague(told)),
    )


def plain(text: str) -> str:
    """Return a text as phrases are looked for in it: lower case, without addresses, codes, quotes and brackets.

    A customer called `spam@` is not taken for a verdict.
    """
    bare = _CODES.sub(" ", _ADDRESS.sub(" ", text)).translate(_MARKS)
    return _QUOTED_BY_POSTFIX.sub("", " ".join(bare.lower().split()))


def _more_exact(told: str | None, said: str | None) -> str | None:
    """Return the status that says more: relays write 5.0.0 or the like beside what the last system said."""
    if told is None or (said is not None and _is_vague(told) and not _is_vague(said)):
        return said
    return told


def _is_vague(status: str | None) -> bool:
    """Say whether a status is written where a system knows no better, or does not care."""
    return _says_nothing(status) or (status or "").partition(".")[2] in {"7.1", "4.7"}


def _says_nothing(status: str | None) -> bool:
    return status is None or status.endswith(".0")
