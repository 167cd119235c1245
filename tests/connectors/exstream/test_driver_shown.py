import pytest

from xconnector.connectors.exstream.cloud.composer import ExstreamComposer
from xconnector.connectors.exstream.communications_server.asking import AskingComposer
from xconnector.connectors.exstream.communications_server.directory import DirectoryComposer
from xconnector.connectors.exstream.engine.composer import EngineComposer
from xconnector.connectors.exstream.engine_service.composer import EngineServiceComposer
from xconnector.contract.driver import ShowsDriver


@pytest.mark.parametrize(
    "composer", [ExstreamComposer, AskingComposer, DirectoryComposer, EngineComposer, EngineServiceComposer]
)
def test_every_way_to_exstream_can_show_what_it_would_be_fed_with(composer: type) -> None:
    assert issubclass(composer, ShowsDriver)
