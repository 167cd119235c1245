"""Brevo: reads what it reports by webhook."""

from xconnector.connectors.brevo.settings import BrevoSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: BrevoSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.brevo.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="brevo",
    summary="Reads what Brevo reports of e-mails.",
    settings=BrevoSettings,
    report_webhook=_report_webhook,
)
