"""Files that arrive behind Debian's OpenSSH are taken as from any drop."""

from pathlib import Path

import pytest

from xconnector.testing.conformance import FileDropConformance

pytestmark = [pytest.mark.peer("sshd", "sftp-server"), pytest.mark.slow]


class TestConformance(FileDropConformance):
    stand_ins = Path(__file__).parent / "openssh"
    connectors = ("sftp_drop",)
