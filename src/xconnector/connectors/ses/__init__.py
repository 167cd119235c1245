"""Amazon SES: reads what it reports through Amazon SNS."""

from xconnector.connectors.ses.settings import SesSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: SesSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.ses.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="ses",
    summary="Reads what Amazon SES reports of e-mails.",
    settings=SesSettings,
    report_webhook=_report_webhook,
)
