"""A small project that has everything, for tests to spoil in one place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from xconnector.project.findings import ProjectError
from xconnector.project.load import load_project
from xconnector.project.model import Project

FILES: Mapping[str, str] = {
    "xconnector.yaml": """\
project: acme
locale: {language: de, currency: EUR, timezone: Europe/Berlin}
sender: {name: "ACME AG", address_lines: ["Hauptstr. 1", "10115 Berlin"], motto: "Immer da"}
connections:
  composer: {connector: embedded}
  print:
    connector: print_house
    destination: {kind: folder, folder: var/print}
  portal: {connector: portal, url: "${URL:-http://[::1]:8400}", key: "${PORTAL_KEY}", limits: {rate: 2, timeout: 5s}}
  archive: {connector: content_archive, folder: var/archive}
  files: {connector: csv_file, key: [account]}
feeds:
  policies: {event: com.acme.policy.issued, mapping: policy}
  statements: {connection: files, event: com.acme.statement.due, mapping: policy}
people:
  anna: {roles: [compliance]}
record_classes:
  contract: {years: 10, authority: "§ 257 HGB"}
""",
    "communications/policy_issued.yaml": """\
title: {de: "Ihre Police", en: "Your policy"}
on: {event: com.acme.policy.issued, where: {product: [car, home]}}
template: {composer: composer, name: policy_issued}
category: contract
data: {number: text, product: text, premium: money, starts_on: date, note: text?, covers: [{name: text, limit: money}]}
route: routing
review: none
archive: {connection: archive, class: contract}
""",
    "tables/routing.md": """\
# Routing

| row | when customer.preference | when data.premium | then route         | then review | cite   |
|-----|--------------------------|-------------------|--------------------|-------------|--------|
| R1  | portal                   | > 1000            | portal, print      | compliance  | § 7    |
| R2  | portal                   | -                 | portal, print      | none        |        |
| R3  | none, print              | -                 | print              | -           |        |
| R4  | -                        | -                 | suppress: no way   | none        |        |
""",
    "mappings/policy.yaml": """\
customer: holder.id
fields:
  number: policy.number
  product: policy.product
  premium: {path: policy.premium, currency: policy.currency, default: "0"}
  starts_on: {path: policy.begin, then: [{date: DD.MM.YYYY}]}
  note: policy.note
  covers: {each: "policy.covers", fields: {name: label, limit: sum}}
customer_fields:
  first_name: holder.first
  last_name: holder.last
  address_lines: {list: [holder.street]}
  postcode: holder.zip
  city: holder.town
  preference: holder.prefers
""",
    "templates/policy_issued/letter.typ": "= Police\n",
    "tests/policies.yaml": """\
- name: A portal customer reads it there
  given:
    event: com.acme.policy.issued
    data:
      holder: {id: K1, last: Meyer, prefers: portal}
      policy: {number: P-1, product: car, premium: "10.50", currency: EUR, begin: 01.12.2026, covers: []}
  expect:
    - {communication: policy_issued, route: [portal, print], review: none}
""",
}
ENVIRONMENT: Mapping[str, str] = {"PORTAL_KEY": "key-for-the-portal-4711"}


class ProjectFolder:
    """A project on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for file, text in FILES.items():
            self.write(file, text)

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text(encoding="utf-8")
        assert old in text
        self.write(file, text.replace(old, new))

    def remove(self, file: str) -> None:
        (self.folder / file).unlink()

    def load(self, environment: Mapping[str, str] = ENVIRONMENT) -> Project:
        return load_project(self.folder, environment)

    def findings(self, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
        try:
            self.load(environment)
        except ProjectError as wrong:
            return [str(finding) for finding in wrong.findings]
        return []


@pytest.fixture
def project_folder(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path)


@pytest.fixture
def project(project_folder: ProjectFolder) -> Project:
    return project_folder.load()
