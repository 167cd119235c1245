"""What every channel for push messages needs of a dispatch."""

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushError, PushNotice, read_push


def push_message(dispatch: Dispatch) -> PushNotice:
    """Return the message as it was approved. Raises PermanentError, which shows nothing of it."""
    rendition = dispatch.renditions.get(RenditionKind.PUSH)
    if rendition is None:
        raise PermanentError("no push message was composed: give its template a push.txt")
    try:
        return read_push(rendition.content)
    except PushError as wrong:
        raise PermanentError(str(wrong)) from None
