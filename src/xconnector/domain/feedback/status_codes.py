"""What status codes say by themselves, without the words beside them (RFC 3463, RFC 5321, and the IANA registry).

A code is the weaker witness: 5.1.1 stands before many a spam block. It counts where no words are understood.
"""

import re
from collections.abc import Mapping

from xconnector.domain.feedback.meaning import Meaning

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.ASCII)
_REPLY = re.compile(r"(?<![\d.\w-])([45][0-5]\d)(?=[ :;-]|$)(?![ -]?\d{2,}[^\d.])", re.ASCII)

# By subject and detail; the class before them says only whether the last system would try again.
_BY_STATUS: Mapping[str, Meaning] = {
    # The address
    "1.0": Meaning.NO_SUCH_MAILBOX,
    "1.1": Meaning.NO_SUCH_MAILBOX,
    "1.2": Meaning.NO_SUCH_DOMAIN,
    "1.3": Meaning.MALFORMED_ADDRESS,
    "1.4": Meaning.NO_SUCH_MAILBOX,
    "1.6": Meaning.MOVED,
    "1.7": Meaning.SENDER_REFUSED,
    "1.8": Meaning.SENDER_REFUSED,
    "1.9": Meaning.SYSTEM_FAULT,
    "1.10": Meaning.TAKES_NO_MAIL,
    # The mailbox
    "2.0": Meaning.OTHER,
    "2.1": Meaning.MAILBOX_DISABLED,
    "2.2": Meaning.MAILBOX_FULL,
    "2.3": Meaning.TOO_LARGE,
    "2.4": Meaning.NO_SUCH_MAILBOX,
    "2.9": Meaning.MAILBOX_DISABLED,
    # The mail system
    "3.0": Meaning.SYSTEM_FAULT,
    "3.1": Meaning.SYSTEM_FULL,
    "3.2": Meaning.SYSTEM_FAULT,
    "3.3": Meaning.SYSTEM_FAULT,
    "3.4": Meaning.TOO_LARGE,
    "3.5": Meaning.SYSTEM_FAULT,
    "3.190": Meaning.NO_SUCH_MAILBOX,
    # Network and routing
    "4.0": Meaning.NOT_REACHED,
    "4.1": Meaning.NOT_REACHED,
    "4.2": Meaning.NOT_REACHED,
    "4.3": Meaning.NAME_SERVER_FAULT,
    "4.4": Meaning.NO_ROUTE,
    "4.5": Meaning.CONGESTED,
    "4.6": Meaning.LOOP,
    "4.7": Meaning.GAVE_UP,
    "4.8": Meaning.NOT_REACHED,
    "4.14": Meaning.LOOP,
    "4.300": Meaning.GAVE_UP,
    "4.301": Meaning.NOT_REACHED,
    "4.302": Meaning.NOT_REACHED,
    "4.310": Meaning.NO_SUCH_DOMAIN,
    "4.312": Meaning.NAME_SERVER_FAULT,
    "4.316": Meaning.NOT_REACHED,
    "4.317": Meaning.NOT_REACHED,
    # The protocol
    "5.0": Meaning.PROTOCOL,
    "5.1": Meaning.PROTOCOL,
    "5.2": Meaning.PROTOCOL,
    "5.3": Meaning.TOO_MANY,
    "5.4": Meaning.PROTOCOL,
    "5.5": Meaning.PROTOCOL,
    "5.6": Meaning.PROTOCOL,
    # The content
    "6.0": Meaning.CONTENT_REFUSED,
    "6.1": Meaning.CONTENT_REFUSED,
    "6.2": Meaning.CONTENT_REFUSED,
    "6.3": Meaning.CONTENT_REFUSED,
    "6.4": Meaning.CONTENT_REFUSED,
    "6.5": Meaning.CONTENT_REFUSED,
    "6.6": Meaning.CONTENT_REFUSED,
    "6.7": Meaning.PROTOCOL,
    "6.8": Meaning.PROTOCOL,
    "6.9": Meaning.PROTOCOL,
    "6.10": Meaning.PROTOCOL,
    # Security and policy
    "7.0": Meaning.POLICY,
    "7.1": Meaning.POLICY,
    "7.2": Meaning.POLICY,
    "7.3": Meaning.POLICY,
    "7.4": Meaning.POLICY,
    "7.5": Meaning.POLICY,
    "7.6": Meaning.POLICY,
    "7.7": Meaning.CONTENT_REFUSED,
    "7.8": Meaning.NOT_AUTHENTICATED,
    "7.9": Meaning.NOT_AUTHENTICATED,
    "7.10": Meaning.POLICY,
    "7.11": Meaning.NOT_AUTHENTICATED,
    "7.12": Meaning.NOT_AUTHENTICATED,
    "7.13": Meaning.NOT_AUTHENTICATED,
    "7.14": Meaning.NOT_AUTHENTICATED,
    "7.15": Meaning.POLICY,
    "7.16": Meaning.TOO_LARGE,
    "7.17": Meaning.MOVED,
    "7.18": Meaning.MOVED,
    "7.19": Meaning.POLICY,
    "7.20": Meaning.NOT_AUTHENTICATED,
    "7.21": Meaning.NOT_AUTHENTICATED,
    "7.22": Meaning.NOT_AUTHENTICATED,
    "7.23": Meaning.NOT_AUTHENTICATED,
    "7.24": Meaning.NOT_AUTHENTICATED,
    "7.25": Meaning.REPUTATION,
    "7.26": Meaning.NOT_AUTHENTICATED,
    "7.27": Meaning.SENDER_REFUSED,
    "7.28": Meaning.TOO_MANY,
    "7.29": Meaning.NOT_AUTHENTICATED,
    "7.30": Meaning.POLICY,
}

_BY_REPLY: Mapping[str, Meaning] = {
    "421": Meaning.NOT_REACHED,
    "422": Meaning.MAILBOX_FULL,
    "431": Meaning.SYSTEM_FULL,
    "432": Meaning.NOT_REACHED,
    "441": Meaning.NOT_REACHED,
    "442": Meaning.NOT_REACHED,
    "446": Meaning.LOOP,
    "447": Meaning.GAVE_UP,
    "449": Meaning.SYSTEM_FAULT,
    "451": Meaning.SYSTEM_FAULT,
    "452": Meaning.SYSTEM_FULL,
    "454": Meaning.NOT_AUTHENTICATED,
    "510": Meaning.NO_SUCH_MAILBOX,
    "511": Meaning.NO_SUCH_MAILBOX,
    "512": Meaning.NO_SUCH_DOMAIN,
    "521": Meaning.TAKES_NO_MAIL,
    "523": Meaning.TOO_LARGE,
    "530": Meaning.NOT_AUTHENTICATED,
    "535": Meaning.NOT_AUTHENTICATED,
    "538": Meaning.NOT_AUTHENTICATED,
    "541": Meaning.SPAM,
    "550": Meaning.OTHER,
    "551": Meaning.NO_SUCH_MAILBOX,
    "552": Meaning.MAILBOX_FULL,
    "553": Meaning.NO_SUCH_MAILBOX,
    "556": Meaning.TAKES_NO_MAIL,
}


def status_in(text: str) -> str | None:
    """Return the first enhanced status code (RFC 3463) in a text, such as `5.1.1`."""
    found = _STATUS.search(text)
    return found[1] if found else None


def reply_code_in(text: str) -> str | None:
    """Return the first SMTP reply code of a failure in a text, such as `550`."""
    found = _REPLY.search(text)
    return found[1] if found else None


def meaning_of_status(status: str | None) -> Meaning | None:
    """Return what an enhanced status code means; None for those that say nothing, such as 5.0.0."""
    subject, _, detail = (status or "").partition(".")[2].partition(".")
    if subject == "7" and len(detail) >= len("500"):
        # Microsoft's own: 5.7.5xx and above are all of the sender's reputation, authentication or permission.
        return Meaning.POLICY
    found = _BY_STATUS.get(f"{subject}.{detail}")
    if found is Meaning.NO_ROUTE and (status or "").startswith("4"):
        # Not yet found is no word on the address.
        return Meaning.NAME_SERVER_FAULT
    return found


def meaning_of_reply(code: str | None) -> Meaning | None:
    """Return what an SMTP reply code means; None for those that say nothing by themselves."""
    return _BY_REPLY.get(code or "")
