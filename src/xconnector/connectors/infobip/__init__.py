"""Infobip: reads what it reports by webhook."""

from xconnector.connectors.infobip.settings import InfobipSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: InfobipSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.infobip.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="infobip",
    summary="Reads what Infobip reports of text messages.",
    settings=InfobipSettings,
    report_webhook=_report_webhook,
)
