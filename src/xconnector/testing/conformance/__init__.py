"""One suite per role, over every connector in the registry: third parties inherit the same ones as we do.

A connector's author writes only the stand-in: the outside system on the loopback address, which
behaves as told. See `ChannelStandIn` for what it promises.
"""

from xconnector.testing.conformance.channel import ChannelConformance, CollectingChannelConformance
from xconnector.testing.conformance.file_drop import DropStandIn, FileDropConformance
from xconnector.testing.conformance.manifest import ManifestConformance
from xconnector.testing.conformance.pull_source import PullSourceConformance, PullStandIn
from xconnector.testing.conformance.report_webhook import Became, ReportSender, ReportWebhookConformance
from xconnector.testing.conformance.run_source import RunFiles, RunSourceConformance
from xconnector.testing.conformance.stand_in import Arrival, ChannelStandIn, not_applicable
from xconnector.testing.conformance.stream_source import StreamSourceConformance
from xconnector.testing.conformance.stream_stand_in import Published, StreamStandIn
from xconnector.testing.conformance.submission_stand_in import SubmissionStandIn
from xconnector.testing.conformance.submissions import SubmissionConformance
from xconnector.testing.conformance.webhook_source import WebhookSender, WebhookSourceConformance
from xconnector.testing.conformance.write_back import WriteBackConformance

__all__ = [
    "Arrival",
    "Became",
    "ChannelConformance",
    "ChannelStandIn",
    "CollectingChannelConformance",
    "DropStandIn",
    "FileDropConformance",
    "ManifestConformance",
    "Published",
    "PullSourceConformance",
    "PullStandIn",
    "ReportSender",
    "ReportWebhookConformance",
    "RunFiles",
    "RunSourceConformance",
    "StreamSourceConformance",
    "StreamStandIn",
    "SubmissionConformance",
    "SubmissionStandIn",
    "WebhookSender",
    "WebhookSourceConformance",
    "WriteBackConformance",
    "not_applicable",
]
