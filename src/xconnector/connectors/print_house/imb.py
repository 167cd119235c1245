"""The Intelligent Mail barcode of the United States: 65 bars that say who mails, which piece it is, and where to.

The 31 digits are barcode id (2), service type (3), mailer id (6 or 9), serial number (9 or 6), and the routing code of
0, 5, 9, or 11 digits. A serial number must not come again within 45 days.
"""

import re

import zint

from xconnector.connectors.print_house.marks import Bar
from xconnector.connectors.print_house.ticket import Imb

COUNTRY = "US"
_BYTES_PER_ROW = 144
"""zint keeps a row of modules as bits, lowest first, with room for 1152."""
_SERIAL_AND_MAILER = 15
_ROUTINGS = frozenset({5, 9, 11})
_NO_DIGIT = re.compile(r"[^0-9]")
# In hundredths of a millimetre: 22 bars an inch, each 0.5 mm wide, within what the post allows.
_PITCH = 2540 / 22
_WIDTH = 50
_ASCENDS, _TRACKS, _ENDS = 0, 123, 368
_DESCENDS = 245


def tracking_digits(imb: Imb, number: int) -> str:
    """Return the first 20 digits for a piece's number."""
    serial = imb.first_serial + number % imb.serials
    width = _SERIAL_AND_MAILER - len(imb.mailer_id)
    return f"{imb.barcode_id}{imb.service_type}{imb.mailer_id}{serial:0{width}}"


def routing_digits(postcode: str) -> str:
    """Return the digits of a ZIP Code; none where it is no whole one."""
    digits = _NO_DIGIT.sub("", postcode)
    return digits if len(digits) in _ROUTINGS else ""


def bars_of_imb(tracking: str, routing: str) -> list[Bar]:
    """Return the 65 bars. Raises ValueError for digits that no barcode has."""
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.USPS_IMAIL
    try:
        symbol.encode(f"{tracking}-{routing}" if routing else tracking)
    except RuntimeError as error:
        raise ValueError("these are no digits of an Intelligent Mail barcode") from error
    bits = symbol.encoded_data.tobytes()
    ascends, _, descends = (
        int.from_bytes(bits[row * _BYTES_PER_ROW :][: -(-symbol.width // 8)], "little") for row in range(3)
    )
    return [_bar(index, ascends >> index * 2 & 1, descends >> index * 2 & 1) for index in range(-(-symbol.width // 2))]


def letters_of(bars: list[Bar]) -> str:
    """Return the bars as the post writes them: full, ascending, descending, and tracking."""
    return "".join(
        {(True, True): "F", (True, False): "A", (False, True): "D", (False, False): "T"}[
            bar.top == _ASCENDS, bar.top + bar.height == _ENDS
        ]
        for bar in bars
    )


def _bar(index: int, ascends: int, descends: int) -> Bar:
    top = _ASCENDS if ascends else _TRACKS
    return Bar(round(index * _PITCH), top, _WIDTH, (_ENDS if descends else _DESCENDS) - top)
