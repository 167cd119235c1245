"""Postmark: reads what it reports by webhook."""

from xconnector.connectors.postmark.settings import PostmarkSettings
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook


def _report_webhook(settings: PostmarkSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.postmark.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="postmark",
    summary="Reads what Postmark reports of e-mails.",
    settings=PostmarkSettings,
    report_webhook=_report_webhook,
)
