import re
from uuid import UUID

from xconnector.connectors.embedded.mark import data_matrix

ID = str(UUID(int=0x0197AAAA_0000_7000_8000_000000000001))


def test_the_mark_is_one_path_in_a_square() -> None:
    svg = data_matrix(ID)

    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert box is not None
    assert box[1] == box[2]
    assert svg.count("<path") == 1


def test_every_communication_has_a_mark_of_its_own_and_always_the_same() -> None:
    other = str(UUID(int=0x0197AAAA_0000_7000_8000_000000000002))

    assert data_matrix(ID) == data_matrix(ID)
    assert data_matrix(ID) != data_matrix(other)
