"""Bare Typst, as one would call it without the product: one compiler and its fonts, kept ready."""

import os

# Read when the engine is loaded: one processor, as for each process of the product.
os.environ["RAYON_NUM_THREADS"] = "1"

import time
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import typst

from xconnector.connectors.embedded.fonts import font_folders
from xconnector.connectors.embedded.letter import STANDARDS
from xconnector.connectors.embedded.mark import data_matrix
from xconnector.connectors.embedded.packing import packed

TEMPLATES = Path(__file__).parent / "templates"
_ISSUED_AT = 1_795_000_000


def seconds_for_pdfs(kind: str, texts: Sequence[str]) -> float:
    """Return the CPU seconds of the PDFs alone, their marks drawn beforehand; `texts` are the data as JSON."""
    marks = [data_matrix(_identity(number)) for number in range(len(texts))]
    started = time.process_time()
    for text, mark in zip(texts, marks, strict=True):
        _compiled(kind, text, mark)
    return time.process_time() - started


def seconds_for_documents(kind: str, texts: Sequence[str]) -> float:
    """Return the CPU seconds of the PDFs, each with a mark of its own, packed and hashed."""
    started = time.process_time()
    for number, text in enumerate(texts):
        pdf, _pages = packed(_compiled(kind, text, data_matrix(_identity(number))))
        sha256(pdf).hexdigest()
    return time.process_time() - started


def _identity(number: int) -> str:
    """Return the id of a communication: none is like another, so that no mark is drawn from memory."""
    return f"0197aaaa-0000-7000-8000-{number * 7919:012}"


def _compiled(kind: str, text: str, mark: str) -> bytes:
    pdf = _compiler(kind).compile(
        format="pdf", sys_inputs={"data": text, "mark": mark}, pdf_standards=STANDARDS, timestamp=_ISSUED_AT
    )
    if not isinstance(pdf, bytes):
        raise TypeError("Typst gave no PDF")
    return pdf


@cache
def _compiler(kind: str) -> typst.Compiler:
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in font_folders(TEMPLATES, ())],
    )
    return typst.Compiler(TEMPLATES / kind / "letter.typ", root=TEMPLATES, font_paths=fonts)
