"""What status codes say by themselves, without the words beside them (RFC 3463, RFC 5321, and the IANA registry).

A code is the weaker witness: 5.1.1 stands before many a spam block. It counts where no words are understood.
"""

import re
from collections.abc import Mapping

from xconnector.domain.feedback.meaning import Meaning
from xconnector.domain.feedback.meaning import Meaning as M

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.ASCII)
_REPLY = re.compile(r"(?<![\d.\w-])([45][0-5]\d)(?=[ :;-]|$)(?![ -]?\d{2,}[^\d.])", re.ASCII)

# By subject and detail; the class before them says only whether the last system would try again.
_BY_STATUS: Mapping[str, Meaning] = {
    # The address
    "1.0": M.NO_SUCH_MAILBOX,
    "1.1": M.NO_SUCH_MAILBOX,
    "1.2": M.NO_SUCH_DOMAIN,
    "1.3": M.MALFORMED_ADDRESS,
    "1.4": M.NO_SUCH_MAILBOX,
    "1.6": M.MOVED,
    "1.7": M.SENDER_REFUSED,
    "1.8": M.SENDER_REFUSED,
    "1.9": M.SYSTEM_FAULT,
    "1.10": M.TAKES_NO_MAIL,
    # The mailbox
    "2.0": M.OTHER,
    "2.1": M.MAILBOX_DISABLED,
    "2.2": M.MAILBOX_FULL,
    "2.3": M.TOO_LARGE,
    "2.4": M.NO_SUCH_MAILBOX,
    "2.9": M.MAILBOX_DISABLED,
    # The mail system
    "3.0": M.SYSTEM_FAULT,
    "3.1": M.SYSTEM_FULL,
    "3.2": M.SYSTEM_FAULT,
    "3.3": M.SYSTEM_FAULT,
    "3.4": M.TOO_LARGE,
    "3.5": M.SYSTEM_FAULT,
    "3.190": M.NO_SUCH_MAILBOX,
    # Network and routing
    "4.0": M.NOT_REACHED,
    "4.1": M.NOT_REACHED,
    "4.2": M.NOT_REACHED,
    "4.3": M.NAME_SERVER_FAULT,
    "4.4": M.NO_ROUTE,
    "4.5": M.CONGESTED,
    "4.6": M.LOOP,
    "4.7": M.GAVE_UP,
    "4.8": M.NOT_REACHED,
    "4.14": M.LOOP,
    "4.300": M.GAVE_UP,
    "4.301": M.NOT_REACHED,
    "4.302": M.NOT_REACHED,
    "4.310": M.NO_SUCH_DOMAIN,
    "4.312": M.NAME_SERVER_FAULT,
    "4.316": M.NOT_REACHED,
    "4.317": M.NOT_REACHED,
    # The protocol
    "5.0": M.PROTOCOL,
    "5.1": M.PROTOCOL,
    "5.2": M.PROTOCOL,
    "5.3": M.TOO_MANY,
    "5.4": M.PROTOCOL,
    "5.5": M.PROTOCOL,
    "5.6": M.PROTOCOL,
    # The content
    "6.0": M.CONTENT_REFUSED,
    "6.1": M.CONTENT_REFUSED,
    "6.2": M.CONTENT_REFUSED,
    "6.3": M.CONTENT_REFUSED,
    "6.4": M.CONTENT_REFUSED,
    "6.5": M.CONTENT_REFUSED,
    "6.6": M.CONTENT_REFUSED,
    "6.7": M.PROTOCOL,
    "6.8": M.PROTOCOL,
    "6.9": M.PROTOCOL,
    "6.10": M.PROTOCOL,
    # Security and policy
    "7.0": M.POLICY,
    "7.1": M.POLICY,
    "7.2": M.POLICY,
    "7.3": M.POLICY,
    "7.4": M.POLICY,
    "7.5": M.POLICY,
    "7.6": M.POLICY,
    "7.7": M.CONTENT_REFUSED,
    "7.8": M.NOT_AUTHENTICATED,
    "7.9": M.NOT_AUTHENTICATED,
    "7.10": M.POLICY,
    "7.11": M.NOT_AUTHENTICATED,
    "7.12": M.NOT_AUTHENTICATED,
    "7.13": M.NOT_AUTHENTICATED,
    "7.14": M.NOT_AUTHENTICATED,
    "7.15": M.POLICY,
    "7.16": M.TOO_LARGE,
    "7.17": M.MOVED,
    "7.18": M.MOVED,
    "7.19": M.POLICY,
    "7.20": M.NOT_AUTHENTICATED,
    "7.21": M.NOT_AUTHENTICATED,
    "7.22": M.NOT_AUTHENTICATED,
    "7.23": M.NOT_AUTHENTICATED,
    "7.24": M.NOT_AUTHENTICATED,
    "7.25": M.REPUTATION,
    "7.26": M.NOT_AUTHENTICATED,
    "7.27": M.SENDER_REFUSED,
    "7.28": M.TOO_MANY,
    "7.29": M.NOT_AUTHENTICATED,
    "7.30": M.POLICY,
}

_BY_REPLY: Mapping[str, Meaning] = {
    "421": M.NOT_REACHED,
    "422": M.MAILBOX_FULL,
    "431": M.SYSTEM_FULL,
    "432": M.NOT_REACHED,
    "441": M.NOT_REACHED,
    "442": M.NOT_REACHED,
    "446": M.LOOP,
    "447": M.GAVE_UP,
    "449": M.SYSTEM_FAULT,
    "451": M.SYSTEM_FAULT,
    "452": M.SYSTEM_FULL,
    "454": M.NOT_AUTHENTICATED,
    "510": M.NO_SUCH_MAILBOX,
    "511": M.NO_SUCH_MAILBOX,
    "512": M.NO_SUCH_DOMAIN,
    "521": M.TAKES_NO_MAIL,
    "523": M.TOO_LARGE,
    "530": M.NOT_AUTHENTICATED,
    "535": M.NOT_AUTHENTICATED,
    "538": M.NOT_AUTHENTICATED,
    "541": M.SPAM,
    "550": M.OTHER,
    "551": M.NO_SUCH_MAILBOX,
    "552": M.MAILBOX_FULL,
    "553": M.NO_SUCH_MAILBOX,
    "556": M.TAKES_NO_MAIL,
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
