"""Lob: prints and posts letters, and reads what it reports of them."""

from datetime import timedelta

from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: LobSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.lob.channel import LobChannel

    del surroundings  # it keeps nothing
    return LobChannel(settings)


def _report_webhook(settings: LobSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.lob.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="lob",
    summary="Prints and posts letters through Lob, and reads what it reports.",
    settings=LobSettings,
    channel=_open_channel,
    medium=Medium.PRINT,
    acknowledged_after=timedelta(days=2),
    report_webhook=_report_webhook,
)
