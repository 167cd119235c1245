"""Mailgun: reads what it reports by webhook."""

from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: MailgunSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.mailgun.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="mailgun",
    summary="Reads what Mailgun reports of e-mails.",
    settings=MailgunSettings,
    report_webhook=_report_webhook,
)
