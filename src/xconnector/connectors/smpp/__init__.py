"""SMPP 3.4: text messages through a message centre or an aggregator, with receipts and answers."""

from datetime import timedelta

from xconnector.connectors.smpp.settings import SmppSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: SmppSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.smpp.channel import SmppChannel

    return SmppChannel(settings, surroundings)


MANIFEST = Manifest(
    name="smpp",
    summary="Sends text messages by SMPP 3.4, and reads receipts and answers.",
    settings=SmppSettings,
    stability=Stability.STABLE,
    channel=_open_channel,
    medium=Medium.SMS,
    final_report_after=timedelta(hours=26),
)
