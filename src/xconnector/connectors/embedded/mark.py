"""The mark on a page by which machines know the communication: a DataMatrix (ISO/IEC 16022) as SVG."""

import zint


def data_matrix(text: str) -> str:
    """Return the symbol of a text as SVG: one path of black modules, without a quiet zone."""
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.option_3 = int(zint.DataMatrixOptions.SQUARE)
    symbol.encode(text)
    symbol.buffer_vector()
    vector = symbol.vector
    modules = "".join(f"M{bar.x:g} {bar.y:g}h{bar.width:g}v{bar.height:g}h-{bar.width:g}z" for bar in vector.rectangles)
    size = f"{vector.width:g} {vector.height:g}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"><path d="{modules}"/></svg>'
