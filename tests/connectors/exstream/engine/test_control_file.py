import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.engine.control_file import (
    ControlFileEncoding,
    Switch,
    customer_list,
    extra_line,
    line,
    on_the_command_line,
    positions_in,
    written,
)
from xconnector.contract.errors import MisconfiguredError


def test_one_switch_stands_on_each_line() -> None:
    lines = [line(Switch.PACKAGE_FILE, "/p/A.pub"), line(Switch.FILE_MAP, "INPUT,/d"), extra_line("DISABLESORT")]

    assert written(lines, "ISO88592") == b"-PACKAGEFILE=/p/A.pub\n-FILEMAP=INPUT,/d\n-DISABLESORT\n"


@pytest.mark.parametrize("value", ["a\n-KEY=x", "a\r", "a\0b", "a\x85b", "a\u2028b"])
def test_no_value_becomes_a_switch_of_its_own(value: str) -> None:
    with pytest.raises(MisconfiguredError, match="PACKAGEFILE"):
        line(Switch.PACKAGE_FILE, value)


@pytest.mark.parametrize("value", ["a\n-KEY=x", "MSG=1\n-KEY=2", "two words=1", "=1", "", "-"])
def test_what_is_no_switch_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="NAME=value"):
        extra_line(value)


@pytest.mark.parametrize(
    "value", ["KEY=1", "-key=1", "PackageFile=x", "OUTPUTDIRECTORY=/", "CONTROLFILE=x", "CUSTOMERLISTFILE=x", "NTH=2"]
)
def test_switches_of_our_own_are_refused_among_the_extra_ones(value: str) -> None:
    with pytest.raises(ValueError, match="set by the connection itself"):
        extra_line(value)


def test_letters_that_the_encoding_lacks_are_told_without_their_value() -> None:
    value = line(Switch.PACKAGE_FILE, "/packages/\u65e5.pub")

    assert written([value], "UTF8").decode() == "-PACKAGEFILE=/packages/\u65e5.pub\n"
    with pytest.raises(MisconfiguredError, match="PACKAGEFILE") as told:
        written([value], "ISO88592")
    assert "\u65e5" not in str(told.value)


def test_values_stand_in_no_representation() -> None:
    assert "hush" not in repr(line(Switch.KEY, "hush"))


@pytest.mark.parametrize(
    "encoding, expected",
    [("ISO88592", ["-CONTROLFILE=job.opt"]), ("UTF8", ["-CONTROLFILEENCODING=UTF8", "-CONTROLFILE=job.opt"])],
)
def test_the_command_line_leads_to_the_control_file(encoding: ControlFileEncoding, expected: list[str]) -> None:
    assert on_the_command_line("job.opt", encoding) == expected


def test_neighbours_become_ranges() -> None:
    assert customer_list([50, 2, 7, *range(14, 50)]) == "2,7,14-50"


@given(st.sets(st.integers(1, 500), min_size=1))
def test_a_list_names_its_positions(positions: set[int]) -> None:
    assert positions_in(customer_list(list(positions))) == sorted(positions)


@pytest.mark.parametrize("listed", ["", "0", "a", "1-", "-3", "1,,2", "1;2"])
def test_what_is_no_list_is_refused(listed: str) -> None:
    with pytest.raises(ValueError, match="positions"):
        positions_in(listed)
