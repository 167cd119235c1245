"""Composes letters, e-mails and short messages in processes of its own, from the project's templates."""

from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.contract.composer import Composer
from xconnector.contract.manifest import Manifest, Stability, Surroundings


def _composer(settings: EmbeddedSettings, surroundings: Surroundings) -> Composer:
    from xconnector.connectors.embedded.composer import EmbeddedComposer

    return EmbeddedComposer(settings, surroundings)


MANIFEST = Manifest(
    name="embedded",
    summary="Composes letters, e-mails and short messages from the project's templates, in processes of its own.",
    settings=EmbeddedSettings,
    stability=Stability.STABLE,
    composer=_composer,
)
