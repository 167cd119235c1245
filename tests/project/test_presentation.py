import json
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest

from xconnector.domain.customer import Customer
from xconnector.domain.strict_json import Json
from xconnector.project.data_contract import ContractError
from xconnector.project.model import Project
from xconnector.project.presentation import Presentation, present, sample_of

ID = UUID("01970000-0000-7000-8000-000000000001")
# Already the next day in Berlin.
ISSUED_AT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
ANNA: dict[str, Any] = {
    "title": "Dr.",
    "first_name": "Anna",
    "last_name": "Meyer",
    "address_lines": ["Hauptstr. 1"],
    "postcode": "10115",
    "city": "Berlin",
    "email": "anna@customers.test",
}
DATA: dict[str, Any] = {
    "number": "P-1",
    "product": "car",
    "premium": {"amount": "1234.5", "currency": "EUR"},
    "starts_on": "2026-12-01",
    "covers": [{"name": "Glass", "limit": 5}],
}


def presented(project: Project, customer: dict[str, Any] = ANNA, data: dict[str, Any] = DATA) -> Presentation:
    return present(
        project,
        project.communications["policy_issued"],
        communication_id=ID,
        issued_at=ISSUED_AT,
        customer=Customer(customer_key="K1", fields=customer, provenance={}),
        data=data,
    )


def test_a_template_gets_data_formatted_for_its_reader(project: Project) -> None:
    found = presented(project)

    assert found.language == "de"
    assert found.title == "Ihre Police"
    assert found.name == "Dr. Anna Meyer"
    assert found.address_lines == ("Hauptstr. 1", "10115 Berlin")
    assert json.loads(json.dumps(found.data)) == {
        "communication": {
            "id": str(ID),
            "name": "policy_issued",
            "title": "Ihre Police",
            "language": "de",
            "date": {"value": "2026-11-23", "text": "23. November 2026"},
        },
        "sender": {
            "name": "ACME AG",
            "address_lines": ["Hauptstr. 1", "10115 Berlin"],
            "motto": "Immer da",
            "email": None,
            "phone": None,
            "website": None,
            "country": None,
        },
        "customer": {
            "key": "K1",
            "name": "Dr. Anna Meyer",
            "person": "Dr. Anna Meyer",
            "title": "Dr.",
            "first_name": "Anna",
            "last_name": "Meyer",
            "company": "",
            "address_lines": ["Dr. Anna Meyer", "Hauptstr. 1", "10115 Berlin"],
            "language": "de",
            "country": "DE",
            "email": "anna@customers.test",
            "mobile": None,
            "alternate_format": "",
        },
        "data": {
            "number": "P-1",
            "product": "car",
            "premium": {"value": 1234.5, "text": "1.234,50\xa0€"},
            "starts_on": {"value": "2026-12-01", "text": "1. Dezember 2026"},
            "note": None,
            "covers": [{"name": "Glass", "limit": {"value": 5.0, "text": "5,00\xa0€"}}],
        },
    }


@pytest.mark.parametrize("said, language", [("en", "en"), ("EN-gb", "en"), ("fr", "de"), (None, "de"), ("", "de")])
def test_a_reader_gets_their_language_where_the_communication_is_made_in_it(
    project: Project, said: str | None, language: str
) -> None:
    found = presented(project, {**ANNA, "language": said})

    assert found.language == language
    assert found.title == ("Your policy" if language == "en" else "Ihre Police")


def test_a_template_sees_that_a_reader_wants_large_print(project: Project) -> None:
    found = presented(project, {**ANNA, "alternate_format": "large_print"})

    assert found.data["customer"]["alternate_format"] == "large_print"


def test_an_address_abroad_has_its_country_in_the_senders_language(project: Project) -> None:
    found = presented(project, {**ANNA, "country": "AT", "language": "en"})

    assert found.address_lines[-1] == "ÖSTERREICH"


def test_somebody_without_a_name_cannot_be_written_to(project: Project) -> None:
    with pytest.raises(ContractError, match=r"customer\.last_name and customer\.company are missing"):
        presented(project, {"first_name": "Anna"})


def test_data_against_the_contract_is_refused(project: Project) -> None:
    with pytest.raises(ContractError, match=r"data\.premium is missing"):
        presented(project, data={**DATA, "premium": None})


def test_a_customer_is_shown_nowhere(project: Project) -> None:
    assert "Meyer" not in repr(presented(project))


def test_two_thousand_letters_are_presented_in_a_second(project: Project) -> None:
    data = {**DATA, "covers": [{"name": f"Cover {at}", "limit": f"{at}.5"} for at in range(12)]}
    presented(project, data=data)

    best = min(_seconds(project, data) for _ in range(5))

    # A third of the promise: the machine may be busy with other things.
    assert 200 / best > 700


def _seconds(project: Project, data: dict[str, Any]) -> float:
    begun = perf_counter()
    for _ in range(200):
        presented(project, data=data)
    return perf_counter() - begun


def names_in(value: Json, path: str = "") -> set[str]:
    if isinstance(value, list):
        return {name for item in value for name in names_in(item, f"{path}[]")}
    if isinstance(value, dict):
        return {name for key, item in value.items() for name in names_in(item, f"{path}.{key}")}
    return {path}


def test_a_sample_has_the_names_that_a_template_gets(project: Project) -> None:
    complete = {**DATA, "note": "none"}

    sample = sample_of(project.communications["policy_issued"].contract, project.sender)

    assert names_in(dict(sample)) == names_in(dict(presented(project, data=complete).data))
