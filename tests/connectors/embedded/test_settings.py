from datetime import timedelta

import pytest
from pydantic import ValidationError

from xconnector.connectors.embedded.settings import EmbeddedSettings


def test_every_setting_has_a_value_that_suits() -> None:
    settings = EmbeddedSettings()

    assert settings.memory == 1 << 30
    assert settings.deadline == timedelta(seconds=20)
    assert settings.processes is None


def test_sizes_and_times_are_written_as_people_write_them() -> None:
    settings = EmbeddedSettings.model_validate({"memory": "2GiB", "deadline": 5})

    assert settings.memory == 2 << 30
    assert settings.deadline == timedelta(seconds=5)


@pytest.mark.parametrize("wrong", [{"memory": "1MiB"}, {"deadline": 0}, {"processes": 0}, {"unknown": 1}])
def test_what_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EmbeddedSettings.model_validate(wrong)
