"""What mail systems say, in our words: reasons by status code and by text, and what an action means.

A 5.x.x says that the sender gave up, not that the address is bad: on real bounces that rule is wrong for every second
one. So the reason is read on its own, from the text first, because it is more exact than the code beside it.
"""

import re
from collections.abc import Mapping

from xconnector.domain.delivery import DeliveryEventType, DeliveryReason

EVENT_BY_ACTION: Mapping[str, DeliveryEventType] = {
    # RFC 3464 section 2.3.3
    "failed": DeliveryEventType.BOUNCED,
    "delayed": DeliveryEventType.DEFERRED,
    "delivered": DeliveryEventType.DELIVERED,
    # The next system reports no success: this is the last we hear, and no proof of delivery.
    "relayed": DeliveryEventType.SENT,
    "expanded": DeliveryEventType.SENT,
    # Words of their own, of OpenSMTPD and NTMail
    "error": DeliveryEventType.BOUNCED,
    "failure": DeliveryEventType.BOUNCED,
}

EVENT_BY_CLASS: Mapping[str, DeliveryEventType] = {
    # RFC 3463 section 3.1: what the status says where the action is none of the above
    "4": DeliveryEventType.DEFERRED,
    "5": DeliveryEventType.BOUNCED,
}

EVENT_BY_FEEDBACK: Mapping[str, DeliveryEventType] = {
    # RFC 5965 section 7.3; reports on authentication and the like are no complaints
    "abuse": DeliveryEventType.COMPLAINED,
    "fraud": DeliveryEventType.COMPLAINED,
    "opt-out": DeliveryEventType.UNSUBSCRIBED,
    "opt-out-list": DeliveryEventType.UNSUBSCRIBED,
}

_REASON_BY_STATUS: Mapping[str, DeliveryReason] = {
    # Class-free codes of RFC 3463 and the IANA registry of enhanced status codes
    "1.1": DeliveryReason.ADDRESS,
    "1.2": DeliveryReason.ADDRESS,
    "1.6": DeliveryReason.ADDRESS,
    "1.10": DeliveryReason.ADDRESS,
    "2.2": DeliveryReason.MAILBOX_FULL,
    "2.3": DeliveryReason.CONTENT,
    "3.4": DeliveryReason.CONTENT,
    "4.1": DeliveryReason.UNREACHABLE,
    "4.2": DeliveryReason.UNREACHABLE,
    "4.3": DeliveryReason.UNREACHABLE,
    "4.4": DeliveryReason.UNREACHABLE,
    "4.7": DeliveryReason.UNREACHABLE,
    "4.5": DeliveryReason.THROTTLED,
    "7.0": DeliveryReason.BLOCKED,
    "7.1": DeliveryReason.BLOCKED,
    "7.7": DeliveryReason.CONTENT,
    "7.20": DeliveryReason.BLOCKED,
    "7.21": DeliveryReason.BLOCKED,
    "7.23": DeliveryReason.BLOCKED,
    "7.24": DeliveryReason.BLOCKED,
    "7.25": DeliveryReason.BLOCKED,
    "7.26": DeliveryReason.BLOCKED,
    "7.27": DeliveryReason.BLOCKED,
    "7.28": DeliveryReason.THROTTLED,
}


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


# First match wins. What speaks for the sender or the content stands before what speaks for the address: an address
# that is wrongly suppressed costs a customer's mail, one that is tried once more costs nothing.
_REASON_BY_TEXT: tuple[tuple[re.Pattern[str], DeliveryReason], ...] = (
    (
        _any_of(
            r"mail ?box(?: \S+)? (?:is )?(?:full|over quota)",
            r"over ?quota",
            r"quota (?:is )?exceed",
            r"exceed\w* (?:\w+ ){0,4}quota",
            r"exceeded storage",
            r"not enough (?:disk|storage) space",
            r"insufficient (?:disk |storage )?(?:space|storage)",
            r"out of storage",
        ),
        DeliveryReason.MAILBOX_FULL,
    ),
    (
        _any_of(
            r"rate limit",
            r"too many (?:messages|connections|recipients|mails|concurrent)",
            r"throttl",
            r"sending too (?:fast|quickly|many)",
        ),
        DeliveryReason.THROTTLED,
    ),
    (
        _any_of(
            r"\b(?:ip|address|host|sender|client|server) (?:\S+ ){0,3}(?:black|block|deny)[- ]?listed",
            r"blacklist|blocklist|\bRBL\b|\bDNSBL\b|spamhaus|spamcop|barracudacentral|sorbs\.net",
            r"\breputation\b",
            r"\bdmarc\b|\bspf\b|\bdkim\b",
            r"unsolicited",
            r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not permitted|prohibited)",
            r"(?:unable|not allowed) to relay",
            r"not authori[sz]ed to send",
            r"sender (?:address )?(?:rejected|denied|refused|verify failed)",
            r"access denied",
            r"blocked (?:by|using|for|due|because)",
            r"policy (?:violation|reasons?|restriction)|prohibited by|administrative(?:ly)? (?:prohibit|reject)",
        ),
        DeliveryReason.BLOCKED,
    ),
    (
        _any_of(
            r"\bspam\b|\bjunk\b",
            r"\bvirus\b|malware|phish",
            r"(?:message|mail|content|attachment) (?:\w+ ){0,3}(?:rejected|refused|blocked|not accepted)",
            r"message (?:size|length|is too (?:large|big))|too (?:large|big) (?:message|mail)",
            r"size limit|exceeds (?:\w+ ){0,5}size",
        ),
        DeliveryReason.CONTENT,
    ),
    (
        _any_of(
            r"(?:user|recipient|mail ?box|account|address|alias)\W+(?:\S+ )?(?:is |was )?(?:unknown|not found|invalid)",
            r"(?:unknown|no such|invalid|bad destination|non-?existent|illegal|undeliverable)"
            r"(?: local| mail)?[- ]?(?:user|recipient|mail ?box|account|address|alias|part)",
            r"(?:user|recipient|mail ?box|account|address)(?: \S+){0,3} (?:does not|doesn'?t|do not) (?:exist|have)",
            r"(?:no|not a(?: valid)?|isn'?t a(?: valid)?) (?:mail ?box|user|recipient|account)",
            r"doesn'?t have (?:an? )?(?:\S+ )?account",
            r"(?:no|not) (?:longer|more) (?:a valid|valid|in use|available|employed|with|on)",
            r"(?:account|mail ?box|user)(?: \S+){0,5} (?:disabled|inactive|deactivated|closed|suspended|terminated|"
            r"cancel+ed|discontinued|expired)",
            r"(?:domain|host)(?: name)?(?: \S+)? (?:does not exist|not found|unknown)",
            r"(?:unknown|unrouteable|non-?existent) (?:domain|host|mail domain|address)|no such (?:domain|host)",
            r"name service error|host not found|unable to find (?:any )?(?:mail )?(?:host|server|domain)|\bnxdomain\b",
            r"no user by that name|not listed in|not our customer|user not known|unrouteable address|\bno mailbox\b",
        ),
        DeliveryReason.ADDRESS,
    ),
    (
        _any_of(
            r"connection (?:timed? ?out|refused|reset|dropped|lost)",
            r"(?:could not|couldn'?t|can ?not|unable to|cannot) (?:connect|contact|establish)",
            r"(?:no|not) (?:answer|respond\w*|response) from",
            r"host (?:is )?(?:unreachable|down)|no route to host|network (?:is )?unreachable",
            r"retry time(?:out)? (?:not reached|exceeded)|too long in (?:the )?queue|delivery time expired",
            r"server (?:\S+ )?(?:did not|is not) respond",
        ),
        DeliveryReason.UNREACHABLE,
    ),
)

REASON_IN_WORDS: Mapping[DeliveryReason, str] = {
    DeliveryReason.ADDRESS: "there is no such mailbox",
    DeliveryReason.MAILBOX_FULL: "the mailbox is full",
    DeliveryReason.CONTENT: "refused for what it holds",
    DeliveryReason.BLOCKED: "refused for who sends it",
    DeliveryReason.UNREACHABLE: "the recipient's system did not answer",
    DeliveryReason.THROTTLED: "too many at once",
    DeliveryReason.UNSUBSCRIBED: "the recipient unsubscribed",
    DeliveryReason.OTHER: "no reason that we know",
}

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?<![\d.])([45][0-5]\d)(?=[ -]|$)(?![ -]?\d{2})")


def status_in(text: str) -> str | None:
    """Return the first enhanced status code (RFC 3463) in a text, such as `5.1.1`."""
    found = _STATUS.search(text)
    return found[1] if found else None


def reply_code_in(text: str) -> str | None:
    """Return the first SMTP reply code of a failure in a text, such as `550`."""
    found = _REPLY_CODE.search(text)
    return found[1] if found else None


def reason_of(status: str | None, text: str) -> DeliveryReason:
    """Return why a mail did not arrive, from the diagnostic text or else the enhanced status code."""
    for pattern, reason in _REASON_BY_TEXT:
        if pattern.search(text):
            return reason
    return _REASON_BY_STATUS.get((status or "").partition(".")[2], DeliveryReason.OTHER)
