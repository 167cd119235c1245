"""Every connector in the registry keeps the promises of its roles."""

from pathlib import Path

from xconnector.testing.conformance import ChannelConformance, CollectingChannelConformance, ManifestConformance

HERE = Path(__file__).parent


class TestManifests(ManifestConformance):
    pass


class TestChannels(ChannelConformance):
    stand_ins = HERE


class TestCollectingChannels(CollectingChannelConformance):
    stand_ins = HERE
