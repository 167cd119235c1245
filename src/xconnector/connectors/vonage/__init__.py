"""Vonage: reads what it reports by webhook."""

from xconnector.connectors.vonage.settings import VonageSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: VonageSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.vonage.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="vonage",
    summary="Reads what Vonage reports of text messages.",
    settings=VonageSettings,
    report_webhook=_report_webhook,
)
