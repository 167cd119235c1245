from dataclasses import fields

import pytest

from xconnector.entrypoints.web.words import WORDS, Words, preferred, words_for


@pytest.mark.parametrize("language", WORDS)
def test_every_language_says_everything(language: str) -> None:
    assert all(getattr(WORDS[language], field.name) for field in fields(Words))


@pytest.mark.parametrize(
    "languages, spoken",
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["it", "FR-ch", "de"], "fr"),
        (["it"], "en"),
        ([], "en"),
        ([""], "en"),
    ],
)
def test_the_first_language_that_the_portal_speaks_is_spoken(languages: list[str], spoken: str) -> None:
    assert words_for(languages).language == spoken


@pytest.mark.parametrize(
    "field, languages",
    [
        ("de", ["de"]),
        ("en;q=0.5, de, fr;q=0.9", ["de", "fr", "en"]),
        ("de;q=0, en", ["en"]),
        ("de;q=many, en", ["en"]),
        (", ;q=1, ", ["", "", ""]),
    ],
)
def test_accept_language_is_read_by_weight(field: str, languages: list[str]) -> None:
    assert preferred(field) == languages
