"""Names of files: made of words of a dispatch, and never leading out of the folder."""

import re
from pathlib import PurePosixPath

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError

SIDECAR = "about"
_LONGEST_PART = 200
"""Bytes; most file systems end at 255, and endings of ours are put behind."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]|^\.")


def name_of(dispatch: Dispatch, template: str, *, rendition: str, suffix: str) -> PurePosixPath:
    """Return where a file of a dispatch lies below the folder.

    Raises PermanentError for a name that is longer than file systems take.
    """
    words = {
        "dispatch_key": dispatch.dispatch_key,
        "communication_id": str(dispatch.communication_id),
        "communication": dispatch.communication,
        "customer_key": dispatch.recipient.customer_key,
        "run": dispatch.run or "single",
        "language": dispatch.language,
        "country": dispatch.recipient.country or "none",
        "rendition": rendition,
    }
    path = PurePosixPath(template.format(**{name: safe(word) for name, word in words.items()}) + suffix)
    if any(len(part.encode()) > _LONGEST_PART for part in path.parts):
        raise PermanentError("the name of its file would be too long; shorten `names`")
    return path


def safe(word: str) -> str:
    """Return a word of letters, digits, and - _ . alone; other characters become their bytes, as %20 does for a space.

    No two words become one. What begins with a dot would be hidden, or lead up.
    """
    return _UNSAFE.sub(lambda sign: "".join(f"%{byte:02X}" for byte in sign[0].encode("utf-8", "surrogatepass")), word)
