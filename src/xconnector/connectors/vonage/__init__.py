"""Vonage: sends text messages, and reads what it reports of them."""

from datetime import timedelta

from xconnector.connectors.vonage.settings import VonageSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: VonageSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.vonage.channel import VonageChannel

    del surroundings  # it keeps nothing
    return VonageChannel(settings)


def _report_webhook(settings: VonageSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.vonage.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="vonage",
    summary="Sends text messages through Vonage, and reads what it reports of them.",
    settings=VonageSettings,
    channel=_open_channel,
    medium=Medium.SMS,
    final_report_after=timedelta(hours=26),
    report_webhook=_report_webhook,
)
