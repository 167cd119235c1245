"""Lob: reads what it reports by webhook."""

from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: LobSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.lob.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="lob",
    summary="Reads what Lob reports of letters.",
    settings=LobSettings,
    report_webhook=_report_webhook,
)
