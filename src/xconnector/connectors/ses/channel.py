"""The channel: each mail is one call of Amazon SES, with the mail as it was made."""

from datetime import UTC, datetime

from xconnector.connectors.ses.client import SesClient
from xconnector.connectors.ses.settings import SesSettings
from xconnector.contract.mail.message import OutgoingMail, outgoing_mail
from xconnector.contract.mail.service import MailChannel


def channel_of(settings: SesSettings) -> MailChannel[OutgoingMail]:
    """Return the channel, not opened yet."""
    return MailChannel(
        SesClient(settings),
        settings,
        lambda dispatch: outgoing_mail(dispatch, settings, now=datetime.now(UTC)),
        awaits_report=settings.reports is not None,
    )
