"""Text messages that say no more, or yes again: the whole message is one of these words, or it is none of it."""

from xconnector.domain.delivery import DeliveryEventType

_NO_MORE = frozenset(
    {"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT", "OPT-OUT",
     "STOPP", "ARRET", "ARRÊT", "ALTO", "BAJA", "ABMELDEN", "PARAR", "SAIR", "BASTA", "AFMELDEN"}
)  # fmt: skip
_AGAIN = frozenset({"START", "UNSTOP", "YES", "OPTIN", "OPT IN", "OPT-IN", "SUBSCRIBE"})


def meaning_of_text(text: str) -> DeliveryEventType:
    """Return what a text message from a customer is: an end, a new beginning, or an answer."""
    said = " ".join(text.upper().split()).strip(".!\"' ")
    if said in _NO_MORE:
        return DeliveryEventType.UNSUBSCRIBED
    return DeliveryEventType.RESUBSCRIBED if said in _AGAIN else DeliveryEventType.RESPONDED
