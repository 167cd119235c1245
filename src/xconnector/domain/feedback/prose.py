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

MOST_PROSE = 32 * 1024
"""Characters."""
_LITTLE = 40
"""Characters that are no explanation yet."""
_MOST_RECIPIENTS = 50
_MOST_LINES = 1000

_RETURNED_BELOW = re.compile(
    r"^[>\s]{0,10}(?:received|return-path|x-originating-ip|mime-version): ?.*$"
    r"|^content-type: *(?:message/|text/rfc822).*$"
    r"|^[-=_*#| ]{2,80}[ \t]*(?:this is a copy|below (?:this|the next) line|unsent message|the (?:attached|body of)"
    r"|start of|(?:the )?headers? of the original|undelivered mail|forwarded message|mensaje original|message text follows"
    r"|(?:original|returned|unsent|unsended|undelivered|rejected|failed|your|the|copy of|message)"
    r"[ -](?:message|mail|e-mail|text|headers?|is following)).*$"
    r"|^(?:original|returned|your(?: original)?|the original|message|rejected) (?:message|mail|e-mail|headers?|text)"
    r"(?: headers?| as received| text| is)? ?(?:follows?|below|reads|attached|included|:).*$"
    r"|^[>\s]{0,10}(?:here is|included is|below is|following is|attached is|this is)"
    r" (?:a|the) (?:copy|first part|header|beginning)\b.*$"
    r"|^the (?:original message|header and top|first \d+ lines|body of).*$",
    re.IGNORECASE | re.MULTILINE,
)
_STILL_TRYING = re.compile(
    r"will (?:continue|keep|be re-?tr|re-?try|try again|still)|still (?:being )?(?:trying|tried|attempt)"
    r"|not yet (?:been )?(?:deliver|able)|(?:message|delivery) (?:is |has been |was |temporarily )?(?:delayed|deferred)"
    r"|delivery delay|delayed mail|warning: (?:could not|message|unable)|do not need to re-?send|no action is required"
    r"|attempts will continue|has been (?:delayed|postponed)|warning message only|just a warning|warning only"
    r"|will be (?:retried|attempted)|noch nicht zugestellt|keep trying|continuing to try",
    re.IGNORECASE,
)
_GAVE_UP_AFTER_ALL = re.compile(
    r"no further (?:delivery )?attempt|will not be re-?tried|this is a permanent error|delivery has failed"
    r"|will (?:not|no longer) (?:continue|keep|be retried|re-?try|try)|permanent(?:ly)? (?:fail|fatal)",
    re.IGNORECASE,
)
_OF_THE_RETURNED_MAIL = re.compile(
    r"^[>\s*-]{0,20}(?:subject|from|to|cc|sent|date|message-id|betreff|objet|asunto|reply-to|sender)\s{0,3}:.*"
    r"(?:\n[ \t]+[^\n:@]{0,200}$)?",
    re.IGNORECASE | re.MULTILINE,
)
_FOOTER = re.compile(
    r"^.{0,300}(?:scanned (?:by|for|at)|has been (?:scanned|checked)|virus[- ]?free|checked by avg|anti-?virus"
    r" (?:system|software)|confidential).{0,500}$",
    re.IGNORECASE | re.MULTILINE,
)
_AT_THE_BEGINNING = re.compile(r"""^[\s>*•·\-"'<\[(|]{0,40}(?:smtp:|mailto:|rfc822;)?([^\s<>()\[\]{},;:"'|*]{1,64}@[\w.-]{1,255})""", re.IGNORECASE)
_SPOKEN_OF = re.compile(
    r"(?:recipients?|address(?:es)?|addressed to|users?|userid|mailbox|account|accounts|rcpt to|undeliverable(?: mail)?"
    r"(?: to)?|message to|mail to|delivered to|deliver(?:ed)? to|delivery to|attempts|error-for|generated from|expanded from"
    r"|for|recipient\(s\)|destinataire|destinatario|empfänger|failed|failure|unknown|an)\b[\s:=<\[\"'(*>.-]{1,20}"
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
    """What a mail says to people, and the addresses that cannot be the ones it speaks of."""

    text: str = field(repr=False)
    ours: frozenset[str] = field(repr=False)
    """In lower case: to whom it came and who sent it."""

    @property
    def says_it_is_still_tried(self) -> bool:
        return bool(_STILL_TRYING.search(self.text)) and not _GAVE_UP_AFTER_ALL.search(self.text)

    def recipients(self) -> list[str]:
        """Return the addresses that it says were not reached, best witness first."""
        lines = self.text.split("\n")[:_MOST_LINES]
        at_the_beginning = [found[1] for line in lines if (found := _AT_THE_BEGINNING.match(line))]
        spoken_of = [found[1] for found in _SPOKEN_OF.finditer(self.text)]
        for candidates in (at_the_beginning, spoken_of, addresses_in(self.text)):
            if found := self._of_customers(candidates):
                return found[:_MOST_RECIPIENTS]
        return []

    def _of_customers(self, candidates: Iterable[str]) -> list[str]:
        whole = (address for candidate in candidates for address in addresses_in(candidate)[:1])
        kept = {one.lower(): one for one in whole if one.lower() not in self.ours and not _NO_CUSTOMER.match(one)}
        return list(kept.values())

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
    recipients = prose.recipients() or recipients_besides(mail)
    if not recipients:
        return [signal(prose.diagnosis(), None)]
    return [signal(prose.diagnosis_of(one, recipients), one) for one in recipients]


def recipients_besides(mail: Part) -> list[str]:
    """Return whom a bounce is about where its words name nobody: its fields, or those of the mail that it returns."""
    if failed := addresses_in(mail.value("x-failed-recipients")):
        return failed[:_MOST_RECIPIENTS]
    if named := [one for one in addresses_in(unencoded(mail.value("subject"))) if not _NO_CUSTOMER.match(one)]:
        return named[:1]
    for part in mail.walk():
        if part.media_type in {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}:
            returned = re.search(r"^To:[ \t]*(.{1,500})$", part.text()[:MOST_PROSE], re.IGNORECASE | re.MULTILINE)
            if returned and (sent_to := addresses_in(returned[1])):
                return sent_to[:1]
    return []


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
    while (found := _RETURNED_BELOW.search(text, position)) and not text[: found.start()].strip():
        # A heading before anything was said is none.
        position = found.end()
    told = text[: found.start()] if found else text
    return _FOOTER.sub("", _OF_THE_RETURNED_MAIL.sub("", told))


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
