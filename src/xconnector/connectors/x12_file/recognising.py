"""Knowing an X12 file by its interchange header."""

from collections.abc import Mapping

from xconnector.contract.recognition import RecognisedFile

FORMATS: Mapping[str, str] = {
    "x12": "X12 5010: claim payments (835), claim statuses (277), enrolments (834); one record a claim, status, member"
}


def recognise(head: bytes) -> RecognisedFile | None:
    """Return whether a file begins with the header of an interchange."""
    begun = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:4]
    is_header = begun[:3] == b"ISA" and len(begun) > len(b"ISA") and not begun[3:].isalnum()
    return RecognisedFile(format="x12") if is_header else None
