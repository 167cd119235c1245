"""Bounces that are written for people: which addresses they speak of, and what they say of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xconnector.domain.feedback.addresses import addresses_in
from xconnector.domain.feedback.diagnosis import Diagnosis, diagnosed
from xconnector.domain.feedback.mime import Part, unencoded
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.feedback.status_codes import reply_code_in, status_in
from xconnector.domain.feedback.undelivered import given_back, still_tried
from xconnector.domain.feedback.words_of_mails import (
    FOOTER,
    GAVE_UP,
    OF_THE_RETURNED_MAIL,
    RETURNED_BELOW,
    STILL_TRYING,
)

MOST_PROSE = 32 * 1024
"""Characters."""
_LITTLE = 40
"""Characters that are no explanation yet."""
_MOST_RECIPIENTS = 50
_MOST_LINES = 1000

_RETURNED_TYPES = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"}
)
_TO = re.compile(r"^[>\s]{0,10}To:[ \t]*(.{1,500})$", re.IGNORECASE | re.MULTILINE)
_AT_THE_BEGINNING = re.compile(
    r"""^[\s>*•·\-"'<\[(|]{0,40}(?:smtp:|mailto:|rfc822;)?([^\s<>()\[\]{},;:"'|*]{1,64}@[\w.-]{1,255})""",
    re.IGNORECASE,
)
_SPOKEN_OF = re.compile(
    r"(?:recipients?|address(?:es)?|addressed to|users?|userid|mailbox|account|accounts|rcpt to|undeliverable(?: mail)?"
    r"(?: to)?|message to|mail to|delivered to|deliver(?:ed)? to|delivery to|attempts|error-for|generated from"
    r"|expanded from|for|recipient\(s\)|destinataire|destinatario|empfänger|failed|failure|unknown|an)"
    r"\b[\s:=<\[\"'(*>.-]{1,20}"
    r"(?:smtp:|mailto:|rfc822;)?\s{0,2}<?([^\s<>()\[\]{},;:\"'|*]{1,64}@[\w.-]{1,255})",
    re.IGNORECASE,
)
_NO_CUSTOMER = re.compile(
    r"^(?:mailer-?daemon|mdaemon|postmaster|abuse|support|help(?:desk)?|no-?reply|do-?not-?reply|hostmaster|root|admin"
    r"|administrator|webmaster|info-?desk)@",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """What a mail says to people, and the addresses that are not likely the ones it speaks of."""

    text: str = field(repr=False)
    ours: frozenset[str] = field(repr=False)
    """In lower case: to whom it came and who sent it."""

    @property
    def says_it_is_still_tried(self) -> bool:
        return bool(STILL_TRYING.search(self.text)) and not GAVE_UP.search(self.text)

    def recipients(self) -> list[str]:
        """Return the addresses that it says were not reached, best witness first."""
        lines = self.text.split("\n")[:_MOST_LINES]
        at_the_beginning = [found[1] for line in lines if (found := _AT_THE_BEGINNING.match(line))]
        spoken_of = [found[1] for found in _SPOKEN_OF.finditer(self.text)]
        anywhere = addresses_in(self.text)
        for candidates in (at_the_beginning, spoken_of, anywhere):
            if found := _of_customers(candidates, besides=self.ours):
                return found[:_MOST_RECIPIENTS]
        return []

    def diagnosis(self) -> Diagnosis:
        """Return why, from the lines that quote a server, or else from all it says."""
        quoted = diagnosed(_quoted(self.text))
        if quoted.is_certain:
            return quoted
        told = diagnosed(self.text)
        if told.is_certain or quoted.status is None:
            return told
        return quoted

    def diagnosis_of(self, recipient: str, others: Sequence[str]) -> Diagnosis:
        """Return why this recipient was not reached: from the lines behind its address, or else from all it says."""
        near = _behind(self.text, recipient, others)
        told = Prose(text=near, ours=self.ours).diagnosis() if near else None
        return told if told is not None and told.is_certain else self.diagnosis()


def _of_customers(candidates: Iterable[str], *, besides: frozenset[str]) -> list[str]:
    whole = (address for candidate in candidates for address in addresses_in(candidate)[:1])
    kept = {one.lower(): one for one in whole if one.lower() not in besides and not _NO_CUSTOMER.match(one)}
    return list(kept.values())


def prose_of(mail: Part) -> Prose:
    """Return what the mail says to people, without the mail that it returns."""
    ours = {
        address.lower()
        for name in ("from", "to", "return-path", "delivered-to", "x-original-to", "envelope-to", "sender", "cc")
        for value in mail.values(name)
        for address in addresses_in(value)
    }
    return Prose(text=_own_words(mail), ours=frozenset(ours))


def signals_of_prose(mail: Part, prose: Prose) -> list[Signal]:
    """Return one signal for each address that a bounce speaks of; one without an address where it names none."""
    signal = still_tried if prose.says_it_is_still_tried else given_back
    recipients = failed_recipients(mail) or prose.recipients() or recipients_besides(mail)
    if not recipients:
        return [signal(prose.diagnosis(), None)]
    return [signal(prose.diagnosis_of(one, recipients), one) for one in recipients]


def failed_recipients(mail: Part) -> list[str]:
    """Return whom a field of Exim's and Gmail's names."""
    return addresses_in(", ".join(mail.values("x-failed-recipients")))[:_MOST_RECIPIENTS]


def recipients_besides(mail: Part) -> list[str]:
    """Return whom a bounce is about where its words name nobody: its subject, or the mail that it returns."""
    if named := [one for one in addresses_in(unencoded(mail.value("subject"))) if not _NO_CUSTOMER.match(one)]:
        return named[:1]
    for part in mail.walk():
        is_of_words = part.media_type in _RETURNED_TYPES or part.media_type.startswith("text/")
        if is_of_words and (sent_to := _sent_to(part)):
            return sent_to
    return []


def _sent_to(part: Part) -> list[str]:
    returned = _TO.search(part.text()[:MOST_PROSE])
    return addresses_in(returned[1])[:1] if returned else []


def _own_words(mail: Part) -> str:
    said = ""
    for part in mail.walk():
        if part.parts or not (part.media_type.startswith("text/") or part.media_type.startswith("multipart/")):
            continue
        if part.media_type == "text/rfc822-headers":
            continue
        said = f"{said}\n{_without_the_returned(part.text()[:MOST_PROSE])}".strip("\n")
        if len(said.strip()) > _LITTLE:
            break
    return said


def _without_the_returned(text: str) -> str:
    position = 0
    while (found := RETURNED_BELOW.search(text, position)) and not text[: found.start()].strip():
        # A heading before anything was said is none.
        position = found.end()
    told = text[: found.start()] if found else text
    return FOOTER.sub("", OF_THE_RETURNED_MAIL.sub("", told))


def _quoted(text: str) -> str:
    """Return the lines in which a server is quoted, each with what it goes on with."""
    lines = text.split("\n")[:_MOST_LINES]
    kept: list[str] = []
    goes_on = 0
    for line in lines:
        if reply_code_in(line) or status_in(line):
            goes_on = 3
        if goes_on and line.strip():
            kept.append(line)
        goes_on = max(goes_on - 1, 0) if line.strip() else 0
    return "\n".join(kept)


def _behind(text: str, recipient: str, others: Sequence[str]) -> str:
    """Return what stands between an address and the next one of the others."""
    beginning = text.find(recipient)
    if beginning < 0 or len(others) == 1:
        return ""
    position = beginning + len(recipient)
    ends = [found for one in others if one != recipient and (found := text.find(one, position)) >= 0]
    return text[position : min(ends, default=len(text))]
