"""Knowing an XML file by its first element that means something to us; the parser is not started for it."""

import re
from collections.abc import Iterator, Mapping

from xconnector.contract.recognition import RecognisedFile

FORMATS: Mapping[str, str] = {
    "ubl": "UBL 2 invoices and credit notes (OASIS, EN 16931)",
    "cii": "UN/CEFACT cross industry invoices (EN 16931, Factur-X, ZUGFeRD 2)",
    "idoc": "SAP IDocs in XML",
    "acord": "ACORD XML of property, casualty and surety: service requests and responses",
    "acord_life": "ACORD XML of life and annuity: TXLife",
    "salesforce_soap": "outbound messages of Salesforce in SOAP; each notification is a record",
    "xml": "any other XML; its document element is the record",
}
_NAME = re.compile(r"(?:(?P<prefix>[A-Za-z_][\w.\-]*):)?(?P<local>[A-Za-z_][\w.\-]*)")
_NAMESPACE = re.compile(r"""\sxmlns(?::(?P<prefix>[\w.\-]+))?\s*=\s*(?:"(?P<double>[^"<]*)"|'(?P<single>[^'<]*)')""")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_SERVICE = re.compile(r"[A-Za-z]+Svc(?:Rq|Rs)")
_LIFE = frozenset({"TXLifeRequest", "TXLifeResponse", "TXLifeNotify"})
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:"
_ELEMENTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("Invoice", f"{_UBL}Invoice-2"): ("ubl", "Invoice"),
    ("CreditNote", f"{_UBL}CreditNote-2"): ("ubl", "CreditNote"),
    ("IDOC", ""): ("idoc", "IDOC"),
    ("notifications", "http://soap.sforce.com/2005/09/outbound"): ("salesforce_soap", "Notification"),
}
# The file's own markers end here; what stands in the text behind them is content.
_PASSED_OVER = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}


def recognise(head: bytes) -> RecognisedFile | None:
    """Return what an XML file is by its first elements, or None where it is no XML."""
    text = _text(head)
    if not text.startswith("<"):
        return None
    first: str | None = None
    for namespace, local in _elements(text):
        first = first or local
        if known := _known(namespace, local):
            return known
    # A dot parts the names of a path: a record is not called by one that has it.
    if first is None or "." in first:
        return None
    return RecognisedFile(format="xml", settings={"element": first}, is_certain=False)


def _known(namespace: str, local: str) -> RecognisedFile | None:
    if (found := _named(namespace, local)) is not None:
        form, element = found
        return RecognisedFile(format=form, settings={"element": element})
    return None


def _named(namespace: str, local: str) -> tuple[str, str] | None:
    """Return the format that an element tells of, and the element of its records."""
    if (local, namespace) in _ELEMENTS:
        return _ELEMENTS[local, namespace]
    if local == "CrossIndustryInvoice" and namespace.startswith(_CII):
        return "cii", local
    if local in _LIFE:
        return "acord_life", local
    return ("acord", f"{local}/*") if _SERVICE.fullmatch(local) else None


def _text(head: bytes) -> str:
    encoding = _UTF16.get(head[:2], "latin-1")
    return head.removeprefix(b"\xef\xbb\xbf").decode(encoding, errors="replace").removeprefix("\ufeff").lstrip()


def _elements(text: str) -> Iterator[tuple[str, str]]:
    """Yield namespace and local name of every element that begins in the text, in one pass."""
    namespaces: dict[str, str] = {}
    at = text.find("<")
    while at >= 0:
        if closing := next((end for begin, end in _PASSED_OVER.items() if text.startswith(begin, at)), None):
            end = text.find(closing, at)
            at = text.find("<", end) if end >= 0 else -1
            continue
        behind = text.find("<", at + 1)
        tag = text[at + 1 : behind if behind >= 0 else len(text)].partition(">")[0]
        if name := _NAME.match(tag):
            for found in _NAMESPACE.finditer(tag):
                namespaces[found["prefix"] or ""] = found["double"] or found["single"] or ""
            yield namespaces.get(name["prefix"] or "", ""), name["local"]
        at = behind
