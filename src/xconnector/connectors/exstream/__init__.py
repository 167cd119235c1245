"""OpenText Exstream, by every interface through which its installations compose."""

from dataclasses import replace
from datetime import timedelta

from xconnector.connectors.exstream.cloud.misfits import cloud_misfits
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.communications_server.misfits import server_misfits
from xconnector.connectors.exstream.communications_server.settings import CommunicationsServerSettings
from xconnector.connectors.exstream.design import DESIGN_FILE, package_misfits
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.contract.composer import Composer
from xconnector.contract.manifest import Manifest, Stability, Surroundings

_LONG = timedelta(minutes=15)
"""Exstream's services queue silently what their engines cannot take: their own settings say how long that may last."""


def _cloud_composer(settings: CloudSettings, surroundings: Surroundings) -> Composer:
    from xconnector.connectors.exstream.cloud.composer import open_composer

    return open_composer(settings, surroundings)


def _communications_server_composer(settings: CommunicationsServerSettings, surroundings: Surroundings) -> Composer:
    from xconnector.connectors.exstream.communications_server.composer import open_composer

    return open_composer(settings, surroundings)


def _engine_service_composer(settings: EngineServiceSettings, surroundings: Surroundings) -> Composer:
    from xconnector.connectors.exstream.engine_service.composer import EngineServiceComposer

    return EngineServiceComposer(settings, surroundings)


def _engine_composer(settings: EngineSettings, surroundings: Surroundings) -> Composer:
    from xconnector.connectors.exstream.engine.composer import EngineComposer

    return EngineComposer(settings, surroundings)


MANIFEST = Manifest(
    name="exstream",
    summary="Composes with the cloud-native services of OpenText Exstream: events on demand, runs as batches.",
    settings=CloudSettings,
    stability=Stability.EXPERIMENTAL,
    composer=_cloud_composer,
    design_file=replace(DESIGN_FILE, misfits=cloud_misfits),
    call_timeout=_LONG,
)

COMMUNICATIONS_SERVER = Manifest(
    name="exstream_communications_server",
    summary="Composes with a Communications Server (StreamServe) by its gateway, its broker, or a directory it scans.",
    settings=CommunicationsServerSettings,
    stability=Stability.EXPERIMENTAL,
    composer=_communications_server_composer,
    design_file=replace(DESIGN_FILE, misfits=server_misfits),
    call_timeout=_LONG,
)

ENGINE_SERVICE = Manifest(
    name="exstream_engine_service",
    summary="Composes with Engine Web Services of OpenText Exstream: the classic engine behind SOAP.",
    settings=EngineServiceSettings,
    stability=Stability.EXPERIMENTAL,
    composer=_engine_service_composer,
    design_file=replace(DESIGN_FILE, misfits=package_misfits),
    call_timeout=_LONG,
)

ENGINE = Manifest(
    name="exstream_engine",
    summary="Composes with OpenText Exstream's engine on the command line: events while we wait, runs by themselves.",
    settings=EngineSettings,
    stability=Stability.EXPERIMENTAL,
    composer=_engine_composer,
    design_file=replace(DESIGN_FILE, misfits=package_misfits),
    call_timeout=_LONG,
)
