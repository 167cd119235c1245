import io
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
import zxingcpp

from tests.connectors.embedded.project import LETTER, composer_of, write_template
from xconnector.connectors.embedded.mark import data_matrix
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.composer import rendition
from xconnector.testing.orders import sample_order

ID = str(UUID(int=0x0197AAAA_0000_7000_8000_000000000001))


@pytest.mark.parametrize("dots_per_inch", [200, 300, 600])
async def test_a_machine_reads_the_communication_off_the_page(tmp_path: Path, dots_per_inch: int) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    order = sample_order(4711, template="letter", kinds=frozenset({RenditionKind.LETTER}))
    async with composer_of(tmp_path, processes=1) as composer:
        (result,) = await composer.compose([order])

    with pypdfium2.PdfDocument(io.BytesIO(rendition(result, RenditionKind.LETTER).content)) as pdf:
        page: Any = pdf[0]  # its library has no types
        scan = page.render(scale=dots_per_inch / 72).to_pil()
    assert [read.text for read in zxingcpp.read_barcodes(scan)] == [str(order.communication_id)]


def test_the_mark_is_square_and_one_shape() -> None:
    svg = data_matrix(ID)

    assert 'viewBox="0 0 20 20"' in svg
    assert svg.count("<path") == 1


def test_every_communication_has_a_mark_of_its_own_and_always_the_same() -> None:
    other = str(UUID(int=0x0197AAAA_0000_7000_8000_000000000002))

    assert data_matrix(ID) == data_matrix(ID)
    assert data_matrix(ID) != data_matrix(other)
