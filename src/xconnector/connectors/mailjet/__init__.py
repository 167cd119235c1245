"""Mailjet: reads what it reports by webhook."""

from xconnector.connectors.mailjet.settings import MailjetSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: MailjetSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.mailjet.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="mailjet",
    summary="Reads what Mailjet reports of e-mails.",
    settings=MailjetSettings,
    report_webhook=_report_webhook,
)
