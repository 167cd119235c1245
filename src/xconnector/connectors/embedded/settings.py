"""Settings of the embedded composer."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import ByteSize, Field

from xconnector.contract.settings import ConnectorSettings, Duration

MIB = 1024 * 1024


class EmbeddedSettings(ConnectorSettings):
    """How documents are composed on this machine; every setting has a value that suits most projects."""

    templates: Path = Path("templates")
    """Folder of the templates, one folder each; folders that begin with `_` hold shared pieces."""
    fonts: tuple[Path, ...] = ()
    """Folders with further TrueType or OpenType fonts, besides those installed as `fontpkg-…` packages."""
    processes: Annotated[int, Field(ge=1, le=256)] | None = None
    """How many documents are composed at once; by default one for each processor."""
    memory: Annotated[ByteSize, Field(ge=512 * MIB)] = ByteSize(1024 * MIB)
    """The most memory one process may take, such as `1GiB`; a document that needs more is refused."""
    deadline: Annotated[Duration, Field(ge=timedelta(milliseconds=100), le=timedelta(hours=1))] = timedelta(seconds=20)
    """The most time one document may take, in seconds; one that needs more is refused."""
    recycle_after: Annotated[int, Field(ge=1)] = 20_000
    """After how many documents a process is replaced by a fresh one."""
    compilers: Annotated[int, Field(ge=1, le=1000)] = 32
    """How many templates each process keeps ready."""
    sms_segments: Annotated[int, Field(ge=1, le=255)] = 3
    """The most segments a short message may cost; a longer one is refused."""
    sms_plain_punctuation: bool = True
    """Whether typographic dashes, quotes and spaces become plain ones where that makes a short message cheaper."""
