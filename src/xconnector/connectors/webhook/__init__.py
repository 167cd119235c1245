"""Takes events that an outside system sends over HTTP by itself: signed, in JSON, XML or a form."""

from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.webhook_source import WebhookSource


def _webhook_source(settings: WebhookSettings, _surroundings: Surroundings) -> WebhookSource:
    from xconnector.connectors.webhook.source import SignedWebhooks

    return SignedWebhooks(settings)


MANIFEST = Manifest(
    name="webhook",
    summary="Takes events that an outside system sends over HTTP by itself, signed, in JSON, XML or a form.",
    settings=WebhookSettings,
    stability=Stability.STABLE,
    webhook_source=_webhook_source,
)
