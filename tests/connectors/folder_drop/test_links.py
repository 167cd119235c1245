from pathlib import Path

import pytest

from xconnector.connectors.folder_drop.folder import FolderHere
from xconnector.contract.errors import MisconfiguredError


@pytest.mark.parametrize("place", ["claimed", "claimed/acme-1", "done"])
async def test_a_link_in_place_of_a_folder_is_never_followed(tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.csv").write_text("a")
    link = tmp_path / "in" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    folder = FolderHere(tmp_path / "in", may_make=False)
    (tmp_path / "in" / "a.csv").write_text("a")

    for asked in (
        folder.entries(place),
        folder.move("a.csv", f"{place}/a.csv"),
        folder.fetch(f"{place}/secret.csv", tmp_path / "copy", at_most=9),
        folder.write(f"{place}/note.txt", b""),
        folder.remove(f"{place}/secret.csv"),
    ):
        with pytest.raises(MisconfiguredError, match="is a link"):
            await asked
    assert [path.name for path in elsewhere.iterdir()] == ["secret.csv"]
