"""Hands communications over to a program of somebody else: one signed request each, by Standard Webhooks."""

from datetime import timedelta

from xconnector.connectors.webhook_channel.settings import WebhookChannelSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: WebhookChannelSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.webhook_channel.channel import WebhookChannel

    return WebhookChannel(settings, surroundings)


def _medium(settings: WebhookChannelSettings) -> Medium:
    return settings.medium


MANIFEST = Manifest(
    name="webhook_channel",
    summary="Hands communications over as signed requests, by Standard Webhooks.",
    settings=WebhookChannelSettings,
    stability=Stability.EXPERIMENTAL,
    channel=_open_channel,
    medium=_medium,
    # The example of Standard Webhooks: ten attempts in three days.
    retry_waits=(
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=14),
        timedelta(hours=20),
        timedelta(hours=24),
    ),
)
