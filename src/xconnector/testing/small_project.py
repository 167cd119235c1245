"""A small project with every part of the house: a notice by e-mail or print, reviewed above an amount."""

import json
from decimal import Decimal
from pathlib import Path

FILES = {
    "xconnector.yaml": """
project: small
locale: {language: en, currency: EUR, timezone: Europe/Berlin}
sender: {name: Small Insurer, address_lines: [Street 1, 10115 Berlin], email: service@small.test}
connections:
  composer: {connector: embedded, processes: 2}
  email:
    connector: smtp
    host: 127.0.0.1
    port: ${SMTP_PORT}
    tls: none
    sender: {address: service@small.test}
    bounce_domain: bounces.small.test
    token_secret: a-secret-of-the-tests
    bounces: {maildir: var/bounces}
    limits: {attempts: 3}
  print:
    connector: print_house
    destination:
      kind: sftp
      host: 127.0.0.1
      port: ${PRINT_PORT}
      user: sandbox
      password: sandbox
      host_key: ${PRINT_HOST_KEY}
    acknowledgement: {within: 1h}
    limits: {collect: 1s}
  archive: {connector: content_archive, folder: var/archive}
  notices: {connector: csv_file, key: [number], control: {kind: sidecar, sums: [amount]}}
feeds:
  notice_events: {event: com.small.notice, mapping: notice}
  notice_runs: {connection: notices, event: com.small.notice.due, mapping: notice}
people: {anna: {roles: [compliance]}, ben: {roles: [legal]}}
record_classes: {notice: {years: 10, authority: "§ 257 HGB"}}
""",
    "communications/notice.yaml": """
title: {en: "Your notice", de: "Ihre Mitteilung"}
on: {event: com.small.notice}
template: {composer: composer, name: notice}
category: contract
data: {number: text, amount: money, due_on: date?}
route: routing
review: none
archive: {connection: archive, class: notice}
""",
    "communications/notice_due.yaml": """
title: {en: "Your notice", de: "Ihre Mitteilung"}
on: {event: com.small.notice.due}
template: {composer: composer, name: notice}
category: contract
data: {number: text, amount: money, due_on: date?}
route: routing
review: none
archive: {connection: archive, class: notice}
""",
    "mappings/notice.yaml": """
customer: customer
fields:
  number: number
  amount: amount
  due_on: due_on
customer_fields:
  last_name: name
  email: email
  mobile: mobile
  preference: preference
  language: language
  address_lines: {list: [street]}
  postcode: postcode
  city: city
""",
    "tables/routing.md": """\
---
gaps: amounts between 500 and 1,000 show what a communication without a row looks like
---
# Routing

| row | when customer.preference | when has email | when data.amount | then route        | then review | cite      |
|-----|--------------------------|----------------|------------------|-------------------|-------------|-----------|
| R1  | nothing                  | -              | -                | suppress: opt-out | -           | Rule 1    |
| R2  | -                        | -              | > 1000           | print             | compliance  | Rule 2    |
| R3  | not print                | yes            | -                | email, print      | -           | Rule 3    |
| R4  | -                        | -              | <= 500           | print             | -           |           |
""",
    "templates/notice/letter.typ": """
#let input = json(bytes(sys.inputs.data))
#set document(title: input.communication.title, author: input.sender.name, date: auto)
#set text(font: "Source Sans 3", lang: input.communication.language, fallback: false)
#set page(paper: "a4", footer: image(bytes(sys.inputs.mark), format: "svg", width: 9mm, alt: "Document code"))
#input.customer.address_lines.join(linebreak())
= #input.communication.title
#input.data.number: #input.data.amount.text
""",
    "templates/notice/e-mail.mjml": """
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.name }}: {{ data.amount.text }}</mj-text>
</mj-column></mj-section></mj-body></mjml>
""",
    "templates/notice/e-mail.txt": """Subject: {{ communication.title }}

{{ customer.name }}: {{ data.amount.text }}
""",
}


def write_small_project(folder: Path) -> Path:
    """Write the project into a folder and return it."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.lstrip("\n"), encoding="utf-8")
    return folder


HEAD = "number,customer,name,email,preference,language,street,postcode,city,amount,due_on"


def row(number: str, *, email: str = "", preference: str = "", amount: str = "12.50") -> str:
    """A line of a run's file."""
    return f"{number},K-{number},Meyer {number},{email},{preference},de,Hauptstr. 1,10115,Berlin,{amount},2026-12-01"


def write_run(path: Path, rows: list[str], *, declared: int | None = None, total: str = "") -> Path:
    """Write a run's file with its control totals beside it; true ones unless told otherwise."""
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    amounts = sum((Decimal(line.split(",")[9]) for line in rows), start=Decimal(0))
    control = {"records": len(rows) if declared is None else declared, "sums": {"amount": total or str(amounts)}}
    path.with_name(path.name + ".control.json").write_text(json.dumps(control))
    return path
