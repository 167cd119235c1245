"""Writes X12 files for the conformance suite: claim payments, the account being the patient's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

HEADER = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PAYEE          *261005*0900*^*00501*000000001*0*P*:~\n"


class X12Files:
    settings: Mapping[str, object] = {"key": ["CLP.01"]}
    key = "CLP.01"
    amount = "CLP.03"

    def write(self, path: Path, records: Sequence[Mapping[str, str]]) -> None:
        claims = [segment for record in records for segment in _claim(record)]
        path.write_text(interchange("835", ["BPR*I*1*C*CHK", "TRN*1*1*1", "LX*1", *claims]), encoding="utf-8")


def interchange(kind: str, segments: Sequence[str]) -> str:
    """Return an interchange with one transaction set of these segments, with the counts that its trailers declare."""
    body = "".join(f"{segment}~\n" for segment in segments)
    return (
        f"{HEADER}GS*HP*PAYER*PAYEE*20261005*0900*1*X*005010X221A1~\nST*{kind}*0001~\n{body}"
        f"SE*{len(segments) + 2}*0001~\nGE*1*1~\nIEA*1*000000001~\n"
    )


def _claim(record: Mapping[str, str]) -> Sequence[str]:
    return [f"CLP*{record.get('account', '')}*1*{record['amount']}*0", f"NM1*QC*1*{record['text']}"]


RUN_FILES = X12Files()
