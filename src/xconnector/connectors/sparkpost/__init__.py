"""SparkPost: reads what it reports by webhook."""

from xconnector.connectors.sparkpost.settings import SparkPostSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: SparkPostSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.sparkpost.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="sparkpost",
    summary="Reads what SparkPost reports of e-mails.",
    settings=SparkPostSettings,
    report_webhook=_report_webhook,
)
