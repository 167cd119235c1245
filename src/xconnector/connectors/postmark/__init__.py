"""Postmark: sends e-mail, and reads what it reports of it."""

from datetime import timedelta

from xconnector.connectors.postmark.settings import PostmarkSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.reporting import ReportWebhook
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: PostmarkSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.postmark.channel import channel_of

    del surroundings  # it keeps nothing
    return channel_of(settings)


def _report_webhook(settings: PostmarkSettings, _surroundings: Surroundings) -> ReportWebhook:
    from xconnector.connectors.postmark.reports import reports_of

    return reports_of(settings)


MANIFEST = Manifest(
    name="postmark",
    summary="Sends e-mail through Postmark, and reads what it reports.",
    settings=PostmarkSettings,
    channel=_open_channel,
    medium=Medium.EMAIL,
    final_report_after=timedelta(hours=12),
    report_webhook=_report_webhook,
)
