"""Resend: reads what it reports by webhook."""

from xconnector.connectors.resend.settings import ResendSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: ResendSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.resend.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="resend",
    summary="Reads what Resend reports of e-mails.",
    settings=ResendSettings,
    report_webhook=_report_webhook,
)
