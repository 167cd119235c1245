"""The population of the demo: customers, events and statements, the same for the same seed."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from faker import Faker

SEED = 2026
LANGUAGES = (("de", "DE", "de_DE", 70), ("en", "GB", "en_GB", 15), ("fr", "FR", "fr_FR", 15))
"""Language, country, Faker's locale, share in percent."""
WITHOUT_CLOSING = 4
"""Statements whose closing balance is missing at the source."""
BOUNCING = 60
"""Every so many-th mailbox does not exist any more."""
PRODUCTS = {
    "de": "Fondsrente Aurora Horizont",
    "en": "Unit-linked pension Aurora Horizont",
    "fr": "Rente en unités de compte Aurora Horizont",
}
ENTRIES = {
    "de": ("Beitrag", "Wertentwicklung Fonds", "Verwaltungskosten"),
    "en": ("Contribution", "Fund performance", "Administration cost"),
    "fr": ("Cotisation", "Performance du fonds", "Frais de gestion"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What was made, and where it lies."""

    customers: Path
    events: Path
    statements: Path
    portal_reader: str
    """Key of a customer who reads on the portal."""
    number_of_customers: int
    number_of_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    key: str
    language: str
    first_name: str
    last_name: str


def populate(folder: Path, *, customers: int, events_of_each_kind: int, now: datetime) -> Population:
    """Write customers, events and a file of statements into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(SEED)  # noqa: S311 - seeded, so that the demo can be repeated
    records = list(_customers(customers, chance))
    people = [
        _Person(key=row["customer"], language=row["language"], first_name=row["first_name"], last_name=row["last_name"])
        for row in records
    ]
    customer_file = folder / "customers.jsonl"
    customer_file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in records), encoding="utf-8")
    events = list(_events(people, events_of_each_kind, chance, now))
    event_file = folder / "events.json"
    event_file.write_text(json.dumps(events, ensure_ascii=False, indent=1), encoding="utf-8")
    statement_file = folder / "annual_statements.csv"
    _write_statements(statement_file, people, chance, year=now.year)
    return Population(
        customers=customer_file,
        events=event_file,
        statements=statement_file,
        portal_reader=next(str(row["customer"]) for row in records if row["portal_account"]),
        number_of_customers=len(records),
        number_of_events=len(events),
    )


# ---------------------------------------------------------------- customers


def _customers(number: int, chance: Random) -> Iterator[dict[str, Any]]:
    fakers = {language: Faker(locale) for language, _, locale, _ in LANGUAGES}
    for faker in fakers.values():
        faker.seed_instance(SEED)
    kinds = [(language, country) for language, country, _, _ in LANGUAGES]
    shares = [share for *_, share in LANGUAGES]
    for index in range(number):
        language, country = chance.choices(kinds, shares)[0]
        yield _customer(index, language, country, fakers[language], chance)


def _customer(index: int, language: str, country: str, faker: Faker, chance: Random) -> dict[str, Any]:
    first_name, last_name = faker.first_name(), faker.last_name()
    preference = chance.choices(("email", "print", "portal"), (60, 25, 15))[0]
    mailbox = f"{'bounce' if index % BOUNCING == 7 else 'customer'}-{index}@example.test"  # noqa: PLR2004 - any remainder
    return {
        "customer": f"K-{50_000 + index}",
        "first_name": first_name,
        "last_name": last_name,
        "address_lines": [faker.street_address().replace("\n", ", ")],
        "postcode": faker.postcode(),
        "city": faker.city(),
        "country": country,
        "language": language,
        "email": mailbox,
        "preference": preference,
        "email_consent": preference == "email",
        "portal_account": preference == "portal",
    }


# ---------------------------------------------------------------- events


def _events(people: Sequence[_Person], each: int, chance: Random, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(each):
        yield _event("policy.issued", "policy-administration", number, now, _policy(number, chance.choice(people)))
        yield _event("claim.approved", "claims", number, now, _claim(number, chance.choice(people), chance))
        yield _event("service.changed", "service", number, now, _change(number, chance.choice(people)))
        yield _event(
            "billing.cycle.closed", "billing", number, now, _invoice(number, chance.choice(people), now.date())
        )


def _event(kind: str, system: str, number: int, now: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"demo-{kind.replace('.', '-')}-{number:04}",
        "source": f"/aurora/{system}",
        "type": f"com.aurora.{kind}",
        "time": (now - timedelta(seconds=number)).astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }


def _policy(number: int, holder: _Person) -> dict[str, Any]:
    return {
        "policy": {
            "number": f"HR-2026-{5000 + number:06}",
            "product": "Hausratversicherung Plus",
            "begin": "2026-12-01",
            "end": "2027-11-30",
        },
        "holder": {"id": holder.key, "first_name": holder.first_name, "last_name": holder.last_name},
        "premium": {
            "amount": "18.42",
            "currency": "EUR",
            "interval": "M",
            "parts": [
                {"name": "Grundschutz", "amount": "11.10"},
                {"name": "Elementarschäden", "amount": "4.38"},
                {"name": "Versicherungsteuer 19 %", "amount": "2.94"},
            ],
        },
        "coverages": [
            {"name": "Hausrat", "detail": "Feuer, Leitungswasser, Sturm, Einbruch", "limit": "65000", "excess": "150"},
            {"name": "Fahrraddiebstahl", "detail": "Weltweit, rund um die Uhr", "limit": "3000"},
            {"name": "Glasbruch", "limit": "5000"},
        ],
    }


def _claim(number: int, claimant: _Person, chance: Random) -> dict[str, Any]:
    """Every tenth claim is large enough for compliance to look at it."""
    paid = Decimal(18_400 if number % 10 == 3 else chance.randrange(200, 4000))  # noqa: PLR2004 - any remainder
    return {
        "claim": {
            "number": f"S-2026-{118_000 + number}",
            "policy": f"HR-2024-{1000 + number:06}",
            "kind": "property",
            "loss": {"from": "2026-10-28"},
            "received": "2026-11-03",
        },
        "claimant": {"id": claimant.key},
        "payment": {"to": "customer", "on": "2026-11-27"},
        "lines": [
            {
                "position": 1,
                "service": "Wasserschaden",
                "detail": "Trocknung und Renovierung",
                "date": "2026-10-28",
                "billed": str(paid + 150),
                "eligible": str(paid + 150),
                "deductible": "150.00",
                "paid": str(paid),
            }
        ],
        "totals": {"billed": str(paid + 150), "eligible": str(paid + 150), "deductible": "150.00", "paid": str(paid)},
    }


def _change(number: int, customer: _Person) -> dict[str, Any]:
    return {
        "policy": f"HR-2024-{1000 + number:06}",
        "kind": "payment",
        "effective": "2026-12-01",
        "customer": {"id": customer.key},
        "changes": [{"name": "IBAN", "from": "DE** **** **11", "to": "DE** **** **47"}],
    }


def _invoice(number: int, customer: _Person, today: date) -> dict[str, Any]:
    return {
        "invoice": {
            "number": f"BR-2026-{77_000 + number}",
            "issued": today.isoformat(),
            "due": (today + timedelta(days=14)).isoformat(),
            "from": "2026-12-01",
            "to": "2027-02-28",
        },
        "account": {"customer": customer.key, "policy": f"HR-2024-{1000 + number:06}"},
        "items": [
            {
                "position": 1,
                "name": "Hausrat, Grundschutz",
                "quantity": 3,
                "unit": "Monate",
                "price": "11.10",
                "tax_rate": "19",
                "amount": "33.30",
            }
        ],
        "adjustments": [],
        "taxes": [{"rate": "19", "base": "33.30", "amount": "6.33"}],
        "totals": {"items": "33.30", "net": "33.30", "gross": "39.63", "payable": "39.63"},
        "payment": {"method": "direct_debit", "reference": f"BR-2026-{77_000 + number}", "iban": "DE** **** **47"},
    }


# ---------------------------------------------------------------- statements


def _write_statements(path: Path, people: Sequence[_Person], chance: Random, *, year: int) -> None:
    """Write one statement a customer, row by row, and the trailer with records and sum."""
    total = Decimal(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";", lineterminator="\n")
        head = (
            "account;period;customer;product;period_from;period_to;opening;contributions;returns;costs;closing;pension"
        )
        rows.writerow([*head.split(";"), "booked_on", "text", "amount", "balance"])
        for index, person in enumerate(people):
            total += _write_statement(rows, index, person, chance, year)
        rows.writerow(["TRAILER", len(people), total])


def _write_statement(rows: Any, index: int, person: _Person, chance: Random, year: int) -> Decimal:  # noqa: ANN401 - csv's writer has no public type
    contribution, performance, cost = ENTRIES[person.language]
    opening = balance = Decimal(chance.randrange(200_000, 3_000_000)) / 100
    entries: list[tuple[date, str, Decimal, Decimal]] = []
    sums = {contribution: Decimal(0), performance: Decimal(0), cost: Decimal(0)}
    for month in range(1, 13):
        for day, text, amount in (
            (1, contribution, Decimal("200.00")),
            (18, performance, Decimal(chance.randrange(-9_000, 24_000)) / 100),
            (28, cost, Decimal("-3.90")),
        ):
            balance += amount
            sums[text] += amount
            entries.append((date(year, month, day), text, amount, balance))
    missing = index % 500 == 13 and index // 500 < WITHOUT_CLOSING  # noqa: PLR2004 - any remainder
    closing = "" if missing else str(balance)
    common = [f"RV-{90_000 + index}", year, person.key, PRODUCTS[person.language], f"{year}-01-01", f"{year}-12-31"]
    figures = [
        opening,
        sums[contribution],
        sums[performance],
        sums[cost],
        closing,
        (balance / 48).quantize(Decimal("0.01")),
    ]
    for booked_on, text, amount, after in entries:
        rows.writerow([*common, *figures, booked_on, text, amount, after])
    return sum((amount for _, _, amount, _ in entries), start=Decimal(0))
