"""The channel: each mail is one call of Postmark, with the parts of the mail."""

from functools import partial

from xconnector.connectors.postmark.client import PostmarkClient
from xconnector.connectors.postmark.settings import PostmarkSettings
from xconnector.contract.mail.parts import MailParts, mail_parts
from xconnector.contract.mail.service import LookingUpMailChannel, MailChannel


def channel_of(settings: PostmarkSettings) -> MailChannel[MailParts]:
    """Return the channel, not opened yet."""
    write = partial(mail_parts, settings=settings)
    return LookingUpMailChannel(PostmarkClient(settings), settings, write, awaits_report=settings.reports is not None)
