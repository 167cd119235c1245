"""The mark on a page by which machines know the communication: a DataMatrix (ISO/IEC 16022) as SVG."""

import re

import zint

_RUN = re.compile("1+")


def data_matrix(text: str) -> str:
    """Return the symbol of a text as SVG: a module is one unit square, and there is no quiet zone.

    Each row's neighbouring dark modules are one stroke: readers of SVG are slow on many shapes.
    """
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.option_3 = int(zint.DataMatrixOptions.SQUARE)
    symbol.encode(text)
    modules = bytes(symbol.encoded_data)
    row_bytes = len(modules) // len(symbol.encoded_data)
    strokes = "".join(
        f"M{run.start()} {row}.5h{run.end() - run.start()}"
        for row in range(symbol.rows)
        for run in _RUN.finditer(_bits(modules[row * row_bytes :][: symbol.width // 8 + 1]))
    )
    size = f"{symbol.width} {symbol.rows}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"><path stroke="#000" d="{strokes}"/></svg>'


def _bits(row: bytes) -> str:
    """Return the modules from left to right; the lowest bit of the first byte is the leftmost."""
    return f"{int.from_bytes(row, 'little'):b}"[::-1]
