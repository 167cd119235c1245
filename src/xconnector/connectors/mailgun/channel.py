"""The channel: each mail is one call of Mailgun, with the mail as it was made."""

from datetime import UTC, datetime

from xconnector.connectors.mailgun.client import MailgunClient
from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.contract.mail.message import OutgoingMail, outgoing_mail
from xconnector.contract.mail.service import LookingUpMailChannel, MailChannel


def channel_of(settings: MailgunSettings) -> MailChannel[OutgoingMail]:
    """Return the channel, not opened yet."""
    return LookingUpMailChannel(
        MailgunClient(settings),
        settings,
        lambda dispatch: outgoing_mail(dispatch, settings, now=datetime.now(UTC)),
        awaits_report=settings.reports is not None,
    )
