"""Infobip: sends text messages, and reads what it reports of them."""

from datetime import timedelta

from xconnector.connectors.infobip.settings import InfobipSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: InfobipSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.infobip.channel import InfobipChannel

    del surroundings  # it keeps nothing
    return InfobipChannel(settings)


def _report_webhook(settings: InfobipSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.infobip.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="infobip",
    summary="Sends text messages through Infobip, and reads what it reports of them.",
    settings=InfobipSettings,
    channel=_open_channel,
    medium=Medium.SMS,
    final_report_after=timedelta(hours=26),
    report_webhook=_report_webhook,
)
