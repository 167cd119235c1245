"""The channel: each mail is one call of SendGrid, with the parts of the mail."""

from functools import partial

from xconnector.connectors.sendgrid.client import SendGridClient
from xconnector.connectors.sendgrid.settings import SendGridSettings
from xconnector.contract.mail.parts import MailParts, mail_parts
from xconnector.contract.mail.service import MailChannel


def channel_of(settings: SendGridSettings) -> MailChannel[MailParts]:
    """Return the channel, not opened yet."""
    write = partial(mail_parts, settings=settings)
    return MailChannel(SendGridClient(settings), settings, write, awaits_report=settings.reports is not None)
