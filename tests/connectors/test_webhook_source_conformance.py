"""Every registered source of webhooks shows what the contract asks of it."""

from pathlib import Path

from xconnector.testing.conformance import WebhookSourceConformance


class TestWebhookSources(WebhookSourceConformance):
    stand_ins = Path(__file__).parent
