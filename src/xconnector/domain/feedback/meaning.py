"""What an undelivered mail's diagnostic can mean, finer than our reasons, and which reason each is."""

from enum import Enum

from xconnector.domain.delivery import DeliveryReason


class Meaning(Enum):
    """Words for operators, the reason they stand for, and whether it stays so."""

    NO_SUCH_MAILBOX = ("there is no such mailbox", DeliveryReason.ADDRESS, True)
    NO_SUCH_DOMAIN = ("there is no such domain", DeliveryReason.ADDRESS, True)
    MALFORMED_ADDRESS = ("the address is malformed", DeliveryReason.ADDRESS, True)
    MOVED = ("the mailbox has moved or changed its owner", DeliveryReason.ADDRESS, True)
    TAKES_NO_MAIL = ("the domain takes no mail", DeliveryReason.ADDRESS, True)
    # Its owner or provider can open it again, so that the address stays right.
    MAILBOX_DISABLED = ("the mailbox is disabled", DeliveryReason.ADDRESS, False)
    MAILBOX_FULL = ("the mailbox is full", DeliveryReason.MAILBOX_FULL, False)
    TOO_LARGE = ("the mail is too large", DeliveryReason.CONTENT, False)
    SPAM = ("taken for spam", DeliveryReason.CONTENT, False)
    VIRUS = ("taken for a virus", DeliveryReason.CONTENT, False)
    CONTENT_REFUSED = ("refused for what it holds", DeliveryReason.CONTENT, False)
    REPUTATION = ("the sender's address or domain is on a blocklist or has a bad name", DeliveryReason.BLOCKED, False)
    NOT_AUTHENTICATED = ("the sender is not authenticated", DeliveryReason.BLOCKED, False)
    SENDER_REFUSED = ("the sender is refused", DeliveryReason.BLOCKED, False)
    NO_RELAY = ("the server does not relay to this recipient", DeliveryReason.BLOCKED, False)
    POLICY = ("refused by policy", DeliveryReason.BLOCKED, False)
    TOO_MANY = ("too many at once", DeliveryReason.THROTTLED, False)
    GREYLISTED = ("greylisted", DeliveryReason.THROTTLED, False)
    CONGESTED = ("the recipient's system is busy", DeliveryReason.THROTTLED, False)
    NOT_REACHED = ("the recipient's system did not answer", DeliveryReason.UNREACHABLE, False)
    NAME_SERVER_FAULT = ("the name service did not answer", DeliveryReason.UNREACHABLE, False)
    NO_ROUTE = ("there is no way to the recipient's system", DeliveryReason.ADDRESS, True)
    LOOP = ("the mail runs in a circle", DeliveryReason.UNREACHABLE, False)
    GAVE_UP = ("the relay's patience ran out", DeliveryReason.UNREACHABLE, False)
    SYSTEM_FULL = ("the recipient's system has no room", DeliveryReason.UNREACHABLE, False)
    SYSTEM_FAULT = ("the recipient's system is out of order", DeliveryReason.UNREACHABLE, False)
    PROTOCOL = ("the two systems do not understand each other", DeliveryReason.OTHER, False)
    UNSUBSCRIBED = ("the recipient wants no more", DeliveryReason.UNSUBSCRIBED, False)
    OTHER = ("no reason that we know", DeliveryReason.OTHER, False)

    def __init__(self, words: str, reason: DeliveryReason, is_lasting: bool) -> None:  # noqa: FBT001 - a column of the table
        self.words = words
        self.reason = reason
        self.is_lasting = is_lasting
        """Another try at the same address would come to the same."""
