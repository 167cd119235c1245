"""The project that is measured: one kind of statement, by e-mail or print, as a run or one by one."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from xconnector.testing.small_project import FILES, HEAD, row

FEED = "notice_runs"
EVENT = "com.small.notice"
_LINES_AT_ONCE = 1000

_CONNECTIONS = """
project: bench
locale: {language: en, currency: EUR, timezone: Europe/Berlin}
sender: {name: Small Insurer, address_lines: [Street 1, 10115 Berlin], email: service@small.test}
connections:
  composer: {connector: embedded, processes: 1}
  email:
    connector: smtp
    host: 127.0.0.1
    tls: none
    sender: {address: service@small.test}
    bounce_domain: bounces.small.test
    token_secret: a-secret-of-the-bench
  print:
    connector: print_house
    destination: {kind: folder, folder: var/print}
    limits: {collect: 1s}
  archive: {connector: content_archive, folder: var/archive}
  hooks:
    connector: webhook
    proof: {standard_webhooks: {secrets: [whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=]}}
  resend: {connector: resend, reports: {secrets: [whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=]}}
  mailjet: {connector: mailjet, reports: {user: bench, secrets: [a-secret-of-the-bench]}}
  notices: {connector: csv_file, key: [number], control: {kind: sidecar, sums: [amount]}}
feeds:
  notice_hooks: {connection: hooks, event: com.small.notice, mapping: notice}
  notice_events: {event: com.small.notice, mapping: notice}
  notice_runs: {connection: notices, event: com.small.notice.due, mapping: notice}
people: {anna: {roles: [compliance]}, ben: {roles: [legal]}}
record_classes: {notice: {years: 10, authority: "§ 257 HGB"}}
"""


def write_project(folder: Path) -> Path:
    """Write the project into a folder and return it."""
    for name, content in {**FILES, "xconnector.yaml": _CONNECTIONS}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.lstrip("\n"), encoding="utf-8")
    return folder


def write_run(path: Path, records: int, *, by_print: bool = False) -> Path:
    """Write a run's file with its control totals beside it, without holding it in memory."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{HEAD}\n")
        for start in range(0, records, _LINES_AT_ONCE):
            file.writelines(_lines(range(start, min(start + _LINES_AT_ONCE, records)), by_print=by_print))
    total = Decimal("12.50") * records
    path.with_name(f"{path.name}.control.json").write_text(
        f'{{"records": {records}, "sums": {{"amount": "{total}"}}}}', encoding="utf-8"
    )
    return path


def _lines(numbers: Iterable[int], *, by_print: bool) -> Iterable[str]:
    for number in numbers:
        yield row(f"N{number}", email="" if by_print else f"a{number}@x.test") + "\n"
