"""Mailgun: sends e-mail, and reads what it reports of it."""

from datetime import timedelta

from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: MailgunSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.mailgun.channel import channel_of

    del surroundings  # it keeps nothing
    return channel_of(settings)


def _report_webhook(settings: MailgunSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.mailgun.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="mailgun",
    summary="Sends e-mail through Mailgun, and reads what it reports.",
    settings=MailgunSettings,
    channel=_open_channel,
    medium=Medium.EMAIL,
    final_report_after=timedelta(hours=12),
    report_webhook=_report_webhook,
)
