"""Which of the places batch jobs write to: a mounted file system, or an object store."""

from pathlib import Path

from xconnector.connectors.exstream.cloud.batch_settings import Outputs
from xconnector.connectors.exstream.cloud.output_store import MountedOutputs, OutputStore


def output_store(settings: Outputs, *, domain: str, project_folder: Path) -> OutputStore:
    """Return the store that the settings name. Raises MisconfiguredError."""
    if settings.mount is not None:
        return MountedOutputs(settings, domain=domain, mount=project_folder / settings.mount)
    # The library of object stores is an extra, and nobody else is to wait for it.
    from xconnector.connectors.exstream.cloud.object_outputs import ObjectOutputs  # noqa: PLC0415

    return ObjectOutputs(settings, domain=domain)
