"""Twilio: sends text messages, and reads what it reports of them."""

from datetime import timedelta

from xconnector.connectors.twilio.settings import TwilioSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: TwilioSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.twilio.channel import TwilioChannel

    del surroundings  # it keeps nothing
    return TwilioChannel(settings)


def _report_webhook(settings: TwilioSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.twilio.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="twilio",
    summary="Sends text messages through Twilio, and reads what it reports of them.",
    settings=TwilioSettings,
    channel=_open_channel,
    medium=Medium.SMS,
    final_report_after=timedelta(hours=6),
    report_webhook=_report_webhook,
)
