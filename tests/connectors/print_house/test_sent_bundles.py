import os
from datetime import UTC, datetime
from pathlib import Path

from xconnector.connectors.print_house.sent_bundles import SentBundles


def test_nobody_else_may_read_the_manifests_that_are_kept(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest"
    manifest.write_text('{"customer": "K1"}')
    before = os.umask(0o000)
    try:
        sent = SentBundles(tmp_path / "sent", lambda: datetime(2026, 11, 23, tzinfo=UTC))
        sent.remember("b1", manifest)
        sent.remember("b1", manifest)
    finally:
        os.umask(before)

    kept = sent.manifest_of("b1")
    assert kept is not None
    assert kept.read_text() == manifest.read_text()
    assert (tmp_path / "sent").stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_mode & 0o777 == 0o600
