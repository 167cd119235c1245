"""Amazon SES: sends e-mail, and reads what it reports of it."""

from datetime import timedelta

from xconnector.connectors.ses.settings import SesSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: SesSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.ses.channel import channel_of

    del surroundings  # it keeps nothing
    return channel_of(settings)


def _report_webhook(settings: SesSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.ses.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="ses",
    summary="Sends e-mail through Amazon SES, and reads what it reports through Amazon SNS.",
    settings=SesSettings,
    channel=_open_channel,
    medium=Medium.EMAIL,
    final_report_after=timedelta(hours=26),
    report_webhook=_report_webhook,
)
