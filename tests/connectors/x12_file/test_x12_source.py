from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.x12_file.stand_in import HEADER, interchange
from xconnector.connectors.x12_file.settings import X12FileSettings
from xconnector.connectors.x12_file.source import x12_source
from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileRecord
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.record_path import parse_path

SAMPLES = Path(__file__).parents[2] / "mappings" / "samples"


def read(folder: Path, content: str | bytes, **said: object) -> list[FileRecord]:
    path = folder / "run.x12"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(x12_source(X12FileSettings.model_validate(said)).records(path))


def at(record: FileRecord, path: str) -> object:
    assert record.data is not None, record.wrong
    return parse_path(path).of(record.data)


PAYMENT = [
    "BPR*I*1*C*CHK",
    "TRN*1*9",
    "N1*PR*PAYER",
    "N3*1 MAIN ST",
    "N1*PE*CLINIC",
    "LX*1",
    "TS3*1*11",
    "CLP*A*1*10*5",
    "CAS*CO*45*5",
    "NM1*QC*1*SOMMER*ADA",
    "SVC*HC:99213:25*4*2",
    "DTM*472*20260901",
    "SVC*HC:99214*6*3",
    "LX*2",
    "CLP*B*4*7*0",
    "PLB*1*20261231*CV*-1",
]


def test_a_claim_has_its_segments_its_services_and_what_stands_around_it(tmp_path: Path) -> None:
    first, second = read(tmp_path, interchange("835", PAYMENT))

    assert at(first, "CLP.01") == "A"
    assert at(first, "services[*].SVC.02") == ["4", "6"]
    assert at(first, "services[0].SVC.01") == ["HC", "99213", "25"]
    assert at(first, "services[0].DTM.02") == "20260901"
    assert at(first, "NM1[01=QC].03") == "SOMMER"
    assert at(first, "transaction.payer.N1.02") == "PAYER"
    assert at(first, "transaction.payer.N3.01") == "1 MAIN ST"
    assert at(first, "transaction.payee.N1.02") == "CLINIC"
    assert at(first, "assigned.TS3.02") == "11"
    assert at(first, "interchange.sender") == "PAYER"
    assert at(first, "transaction.version") == "005010X221A1"
    assert (at(second, "CLP.01"), at(second, "assigned.TS3"), at(second, "number")) == ("B", None, 2)
    assert first.payload.startswith(b"CLP*A*1*10*5~")
    assert b"CLP*B" not in first.payload


def test_records_have_keys_without_any_being_named(tmp_path: Path) -> None:
    path = tmp_path / "run.x12"
    path.write_text(interchange("835", PAYMENT), encoding="utf-8")

    found = list(x12_source(X12FileSettings()).read(path, source="payer", event_type="paid"))

    assert [one.source_key for one in found if isinstance(one, SourceRecord)] == [
        "PAYER/000000001/1/0001/1",
        "PAYER/000000001/1/0001/2",
    ]


def test_a_status_knows_the_levels_above_it_and_not_those_beside_it(tmp_path: Path) -> None:
    segments = [
        "HL*1**20*1", "NM1*PR*2*PAYER", "TRN*1*NOT A STATUS",
        "HL*2*1*21*1", "NM1*41*2*SENDER",
        "HL*3*2*19*1", "NM1*1P*2*CLINIC", "TRN*2*T0", "STC*A1:19:PR*20261001",
        "HL*4*3*22*1", "NM1*IL*1*WINTER*BO",
        "HL*5*4*23", "NM1*QC*1*WINTER*KIM", "TRN*2*T1", "STC*F2:88*20261001", "SVC*HC:1*5*0", "STC*F2:88*20261001",
        "HL*6*3*22*0", "NM1*IL*1*SOMMER*ADA", "TRN*2*T2", "STC*P1:20*20261001", "TRN*2*T3", "STC*P2:20*20261001",
    ]  # fmt: skip

    found = read(tmp_path, interchange("277", segments))

    assert [at(one, "TRN.02") for one in found] == ["T0", "T1", "T2", "T3"]
    assert [at(one, "provider.NM1.03") for one in found] == ["CLINIC"] * 4
    assert [at(one, "subscriber.NM1.04") for one in found] == [None, "BO", "ADA", "ADA"]
    assert [at(one, "dependent.NM1.04") for one in found] == [None, "KIM", None, None]
    assert at(found[1], "services.STC.01") == ["F2", "88"]


def test_an_acknowledgement_of_claims_has_patients_and_statuses_of_whole_batches(tmp_path: Path) -> None:
    segments = [
        "HL*1**20*1", "NM1*PR*2*PAYER", "TRN*1*BATCH",
        "HL*2*1*21*1", "NM1*41*2*SENDER", "TRN*2*ALL", "STC*A1:19:PR*20261001",
        "HL*3*2*19*1", "NM1*85*2*CLINIC",
        "HL*4*3*PT", "NM1*QC*1*SOMMER*ADA****MI*S-1", "TRN*2*T1", "STC*A2:20:PR*20261001",
        "HL*5*3*PT", "NM1*QC*1*WINTER*BO", "TRN*2*T2", "STC*A7:562:85*20261001",
    ]  # fmt: skip

    found = read(tmp_path, interchange("277", segments))

    assert [at(one, "TRN.02") for one in found] == ["ALL", "T1", "T2"]
    assert [at(one, "patient.NM1.04") for one in found] == [None, "ADA", "BO"]
    assert [at(one, "provider.NM1.03") for one in found] == [None, "CLINIC", "CLINIC"]


def test_a_members_names_and_coverages_are_kept_apart(tmp_path: Path) -> None:
    segments = [
        "BGN*00*1*20261001", "REF*38*GROUP", "N1*P5*SPONSOR", "N1*IN*INSURER",
        "INS*Y*18*021*20", "REF*0F*S1", "NM1*IL*1*SOMMER*ADA", "N3*1 MAIN ST", "NM1*31*1", "N3*PO BOX 1",
        "HD*021**HLT", "DTP*348*D8*20261101", "LX*1", "NM1*P3*1*DOCTOR", "COB*P*X", "NM1*IN*2*OTHER",
        "HD*021**DEN", "LS*2700", "LX*1", "N1*75*REPORT", "LE*2700",
        "INS*N*01*021*20", "NM1*IL*1*SOMMER*KIM",
    ]  # fmt: skip

    first, second = read(tmp_path, interchange("834", segments))

    assert at(first, "names[NM1.01=IL].N3.01") == "1 MAIN ST"
    assert at(first, "names[NM1.01=31].N3.01") == "PO BOX 1"
    assert at(first, "coverages[*].HD.03") == ["HLT", "DEN"]
    assert at(first, "coverages[0].providers.NM1.03") == "DOCTOR"
    assert at(first, "coverages[0].coordination.NM1.03") == "OTHER"
    assert at(first, "transaction.sponsor.N1.02") == "SPONSOR"
    assert at(second, "names.NM1.04") == "KIM"
    assert at(second, "coverages") is None


def test_every_interchange_has_its_own_separators(tmp_path: Path) -> None:
    plain = interchange("835", ["CLP*A*1*10*5", "SVC*HC:1*1*1"])
    swapped = plain.replace("*", "|").replace(":", ">").replace("~\n", "\r").replace("^", "!")

    found = read(tmp_path, f"\ufeff{plain}\n{swapped}")

    assert [at(one, "services.SVC.01") for one in found] == [["HC", "1"]] * 2


def test_repeats_and_components_make_lists(tmp_path: Path) -> None:
    [record] = read(tmp_path, interchange("835", ["CLP*A*1*10*5", "ZZ*a^b*c:d^e"]))

    assert at(record, "ZZ.01[1]") == "b"
    assert record.data is not None
    assert record.data["ZZ"] == {"01": ["a", "b"], "02": [["c", "d"], "e"]}


@pytest.mark.parametrize(
    "change, told",
    [
        (("SE*3*0001", "SE*4*0001"), "SE does not declare the 3 segments"),
        (("SE*3*0001", "SE*3*0002"), "SE has another control number"),
        (("GE*1*1", "GE*2*1"), "GE does not declare the 1 transaction sets"),
        (("IEA*1*000000001", "IEA*7*000000001"), "IEA does not declare the 1 groups"),
        (("IEA*1*000000001~\n", ""), "is cut off inside ISA after 1 whole records"),
        (("SE*3*0001~\nGE*1*1~\nIEA*1*000000001~\n", ""), "is cut off inside ST after 0 whole records"),
        (("GE*1*1~\n", "GE*1*1"), "is cut off|another control"),
        (("GS*HP", "CLP"), "CLP stands inside ISA"),
        (("ST*835*0001~\n", ""), "CLP stands inside GS"),
        (("ISA*00*", "ISA*0*"), "does not have its 106 characters"),
        (("ISA*", "ISB*"), "must begin with ISA"),
    ],
)
def test_a_file_whose_envelopes_do_not_hold_is_refused(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        read(tmp_path, interchange("835", ["CLP*A*1*10*5"]).replace(*change))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cut off"):
        read(tmp_path, "")


def test_another_kind_of_set_is_set_aside_and_the_next_one_passes(tmp_path: Path) -> None:
    [unread] = read(tmp_path, interchange("271", ["BHT*0022"]))

    assert unread.data is None
    assert unread.wrong is not None
    assert "transaction set '271' is none that is read: 835 (claim payments)" in unread.wrong


def test_a_record_that_cannot_be_kept_is_set_aside_and_the_rest_passes(tmp_path: Path) -> None:
    claims = ["CLP*A*1*10*5", "CLP*B*1*10*5", "NM1*QC*1*\0", "CLP*C*1*1*1", *["REF*1*" + "x" * 90] * 3, "CLP*D*1*1*1"]
    content = interchange("835", claims).encode().replace(b"CLP*A*", b"CLP*\xff*")

    found = read(tmp_path, content, record_limit=200)

    assert [bool(one.wrong) for one in found] == [True, True, True, False]
    assert [one.wrong for one in found[:3]] == [
        "line 4: segment 4: its byte 5 is not utf-8",
        "line 5: segment 6 holds a NUL character",
        "line 7: the record has more than 200 bytes",
    ]


def test_what_never_ends_is_refused(tmp_path: Path) -> None:
    head = interchange("835", []).split("SE*")[0]

    with pytest.raises(PermanentError, match="stand before a record"):
        read(tmp_path, head + "REF*EV*" + "x" * 60 + "~REF*EV*" + "x" * 60 + "~", record_limit=80)
    with pytest.raises(PermanentError, match="segment 4 has more than 1000 bytes"):
        read(tmp_path, head + "x" * 200_000, record_limit=1_000)


def test_a_trailer_for_control_totals_is_refused_when_the_settings_are_read() -> None:
    with pytest.raises(ValueError, match="X12 has no trailer"):
        X12FileSettings.model_validate({"control": {"kind": "trailer"}})


def test_a_record_without_the_key_that_was_asked_for_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "run.x12"
    path.write_text(interchange("835", ["CLP**1*10*5"]), encoding="utf-8")
    source = x12_source(X12FileSettings.model_validate({"key": ["CLP.01"]}))

    [bad] = source.read(path, source="payer", event_type="paid")

    assert isinstance(bad, BadRecord)
    assert bad.reason == "line 4: the record has no key: CLP.01 is missing"


CELLS = st.text("AB 19äß", max_size=6)


@given(
    claims=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12), spread=st.sampled_from(["", "\n", "\r\n"])
)
def test_no_claim_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, claims: Sequence[Sequence[str]], spread: str
) -> None:
    segments = [f"CLP*{number}*{'*'.join(cells)}" for number, cells in enumerate(claims)]
    content = interchange("835", segments).replace("~\n", f"~{spread}")

    found = read(tmp_path_factory.mktemp("x12"), content)

    assert [at(one, "CLP.01") for one in found] == [str(number) for number in range(len(claims))]
    for one, cells in zip(found, claims, strict=True):
        assert [at(one, f"CLP.{place:02}") or "" for place, _ in enumerate(cells, start=2)] == [
            cell.strip() for cell in cells
        ]


def test_the_header_is_as_long_as_the_standard_says() -> None:
    assert len(HEADER.rstrip("\n")) == 106
