"""What is handed over is ours, small, and says nothing about the machine it was made on."""

from tests.house.repository import ROOT, handed_over, shown

OF_OTHERS = {".ttf", ".otf", ".woff", ".woff2", ".ttc", ".whl", ".jar", ".so", ".dll", ".exe"}
LARGEST = 1_000_000


def test_no_font_or_binary_of_others_is_committed() -> None:
    assert [shown(path) for path in handed_over() if path.suffix.lower() in OF_OTHERS] == []
    assert [shown(path) for path in handed_over("*.min.js", "*.min.css")] == []


def test_no_file_is_so_large_that_it_was_made_rather_than_written() -> None:
    assert [shown(path) for path in handed_over() if path.stat().st_size > LARGEST] == []


def test_no_file_names_the_folder_it_was_made_in() -> None:
    here = str(ROOT).encode()
    assert [shown(path) for path in handed_over() if here in path.read_bytes()] == []
