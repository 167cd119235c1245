"""Twilio SendGrid: sends e-mail, and reads what it reports of it."""

from datetime import timedelta

from xconnector.connectors.sendgrid.settings import SendGridSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: SendGridSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.sendgrid.channel import channel_of

    del surroundings  # it keeps nothing
    return channel_of(settings)


def _report_webhook(settings: SendGridSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.sendgrid.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="sendgrid",
    summary="Sends e-mail through Twilio SendGrid, and reads what it reports.",
    settings=SendGridSettings,
    channel=_open_channel,
    medium=Medium.EMAIL,
    final_report_after=timedelta(hours=26),
    report_webhook=_report_webhook,
)
