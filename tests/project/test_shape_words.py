"""What is told of values that are not what they should be."""

from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from xconnector.project.shape import Shaped, shape
from xconnector.project.yaml_file import YamlFile


class _Model(BaseModel):
    text: str = ""
    number: Annotated[int, Field(ge=2)] = 2
    names: Annotated[tuple[str, ...], Field(min_length=2)] = ("a", "b")
    inner: dict[str, int] = {}
    day: date = date(2026, 1, 1)
    choice: Literal["a", "b"] = "a"


@pytest.mark.parametrize(
    "said, told",
    [
        ({"text": 5}, "`text`: must be text, in quotes where it looks like a number"),
        ({"number": "many"}, "`number`: must be a whole number"),
        ({"number": 1}, "`number`: must be at least 2"),
        ({"names": "a"}, "`names`: must be a list, such as [one, another]"),
        ({"names": ["a"]}, "`names`: must have at least 2 entries"),
        ({"inner": 1}, "`inner`: must be keys with values below it"),
        ({"day": "soon"}, "`day`: must be a day such as 2026-12-31"),
        ({"choice": "c"}, "`choice`: must be 'a' or 'b'"),
    ],
)
def test_a_value_is_complained_of_in_words_of_those_who_wrote_it(said: dict[str, str | int], told: str) -> None:
    file = YamlFile(file="x.yaml", content={**said}, lines={})
    _, findings = shape(_Model, file.content, Shaped(file=file))

    assert [one.message for one in findings] == [told]
