"""The GSM 7-bit default alphabet (3GPP TS 23.038), one septet in an octet as SMPP carries it."""

_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B

BASIC = {character: septet for septet, character in enumerate(_TABLE) if septet != _ESCAPE}
"""One septet each."""
EXTENDED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
"""Behind an escape: two septets each, never cut between segments."""
_EXTENDED_TEXT = {septet: character for character, septet in EXTENDED.items()}


def gsm_octets(text: str) -> bytes:
    """Return a text as unpacked septets. Raises ValueError, which shows nothing of it, for what it cannot spell."""
    octets = bytearray()
    for character in text:
        if character in BASIC:
            octets.append(BASIC[character])
        elif character in EXTENDED:
            octets += bytes((_ESCAPE, EXTENDED[character]))
        else:
            raise ValueError("the text has a character that is not in the GSM alphabet")
    return bytes(octets)


def gsm_text(octets: bytes) -> str:
    """Return what unpacked septets spell; what none of the tables has is shown as U+FFFD."""
    spelled: list[str] = []
    escaped = False
    for octet in octets:
        if escaped:
            # An escape to a table that is not known is read as the basic table's character (TS 23.038, 6.2.1.1).
            spelled.append(_EXTENDED_TEXT.get(octet) or _basic(octet))
            escaped = False
        elif octet == _ESCAPE:
            escaped = True
        else:
            spelled.append(_basic(octet))
    return "".join(spelled)


def _basic(octet: int) -> str:
    return _TABLE[octet] if octet < len(_TABLE) and octet != _ESCAPE else "\ufffd"
