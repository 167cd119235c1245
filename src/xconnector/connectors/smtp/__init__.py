"""E-mail by SMTP: hands mails to a relay and reads what comes back to the bounce domain."""

from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: SmtpSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.smtp.channel import SmtpChannel

    return SmtpChannel(settings, surroundings)


MANIFEST = Manifest(
    name="smtp",
    summary="Sends e-mail through an SMTP relay and turns bounces into delivery events.",
    settings=SmtpSettings,
    stability=Stability.STABLE,
    channel=_open_channel,
    medium=Medium.EMAIL,
)
