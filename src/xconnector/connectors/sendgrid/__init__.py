"""Twilio SendGrid: reads what it reports by its event webhook."""

from xconnector.connectors.sendgrid.settings import SendGridSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: SendGridSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.sendgrid.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="sendgrid",
    summary="Reads what Twilio SendGrid reports of e-mails.",
    settings=SendGridSettings,
    report_webhook=_report_webhook,
)
