import hashlib

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.document import Rendition, RenditionKind, content_digest, document_digest

renditions = st.lists(
    st.tuples(st.sampled_from(RenditionKind), st.binary(max_size=20).map(content_digest)),
    unique_by=lambda pair: pair[0],
)


@given(renditions, st.data())
def test_the_order_of_renditions_does_not_change_the_documents_digest(
    pairs: list[tuple[RenditionKind, str]], data: st.DataObject
) -> None:
    assert document_digest(data.draw(st.permutations(pairs))) == document_digest(pairs)


@given(renditions, renditions)
def test_other_renditions_are_another_document(
    one: list[tuple[RenditionKind, str]], other: list[tuple[RenditionKind, str]]
) -> None:
    assert (document_digest(one) == document_digest(other)) is (set(one) == set(other))


@given(st.binary())
def test_a_rendition_lies_under_the_sha_256_of_its_bytes(content: bytes) -> None:
    assert Rendition.of(RenditionKind.SMS, content).sha256 == hashlib.sha256(content).hexdigest()
