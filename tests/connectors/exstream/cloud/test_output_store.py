import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.exstream.cloud.object_store import BUCKET, ObjectStore, object_store
from xconnector.connectors.exstream.cloud.batch_settings import Outputs
from xconnector.connectors.exstream.cloud.output_path import segments_of, tail_of
from xconnector.connectors.exstream.cloud.output_place import output_store
from xconnector.connectors.exstream.cloud.output_store import Delivery, OutputMissingError, OutputStore
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError

MANIFEST = "_STDDELIVERYFILE.xml"
FOLDER = "D/jobs/J1/F1/docgen/S1/output"
FILES: Mapping[str, bytes] = {
    f"{FOLDER}/{MANIFEST}": b"<outputList/>",
    f"{FOLDER}/Queue_25_archive/ACC1.pdf": b"one",
    f"D/jobs/J1/F2/docgen/S9/output/{MANIFEST}": b"<outputList/>",
    f"D/jobs/J2/F3/docgen/S1/output/{MANIFEST}": b"<outputList/>",
    f"E/jobs/J3/F4/docgen/S1/output/{MANIFEST}": b"<outputList/>",
    "D/jobs/J1/F5/docgen/S1/output/Queue_1_x/a.pdf": b"no delivery file yet",
    "D/jobs/J1/F6/other/S1/output/" + MANIFEST: b"<outputList/>",
}
ENGINE = f"/mnt/exstream/{FOLDER}/Queue_25_archive/ACC1.pdf"


def write(mount: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def mounted(mount: Path, **settings: object) -> OutputStore:
    chosen = Outputs.model_validate({"mount": str(mount), **settings})
    return output_store(chosen, domain="D", project_folder=mount)


def in_store(store: ObjectStore, **settings: object) -> OutputStore:
    options = {
        "endpoint": store.url,
        "region": "eu-central-1",
        "access_key_id": "key",
        "secret_access_key": "secret",
        "virtual_hosted_style_request": "false",
        "allow_http": "true",
    }
    chosen = Outputs.model_validate({"store": f"s3://{BUCKET}/share", "store_options": options, **settings})
    return output_store(chosen, domain="D", project_folder=Path())


def content(store: OutputStore, delivery: Delivery, name: str) -> bytes:
    reader = store.reader()
    try:
        with reader.output(delivery, name) as opened:
            return opened.read()
    finally:
        reader.close()


def prove_that_it_finds_and_reads(store: OutputStore) -> None:
    store.check()

    assert [(one.job, one.flow) for one in store.deliveries("J1", None)] == [("J1", "F1"), ("J1", "F2")]
    assert [one.flow for one in store.deliveries("J1", "F1")] == ["F1"]
    assert list(store.deliveries("J9", None)) == []
    assert list(store.deliveries("J1", "F5")) == []
    (delivery,) = store.deliveries("J1", "F1")
    assert delivery.size == len(b"<outputList/>")
    with store.opened(delivery) as opened:
        assert opened.read(5) + opened.read(100) == b"<outputList/>"
    assert content(store, delivery, ENGINE) == b"one"
    assert content(store, delivery, r"C:\exstream\output\Queue_25_archive\ACC1.pdf") == b"one"
    for missing in ("/mnt/exstream/x/no.pdf", "/", "", f"/mnt/{FOLDER}/../output/x", f"/mnt/{FOLDER}"):
        with pytest.raises(OutputMissingError):
            content(store, delivery, missing)


def test_outputs_are_found_below_a_mount(tmp_path: Path) -> None:
    write(tmp_path, FILES)

    prove_that_it_finds_and_reads(mounted(tmp_path))


def test_outputs_are_found_in_an_object_store() -> None:
    with object_store() as store:
        store.objects = {f"share/{name}": content for name, content in FILES.items()}

        prove_that_it_finds_and_reads(in_store(store))


def test_jobs_since_a_moment_are_found_below_a_mount(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    now = datetime.now(UTC)

    assert {one.job for one in mounted(tmp_path).since(now - timedelta(minutes=1))} == {"J1", "J2"}
    assert list(mounted(tmp_path).since(now + timedelta(minutes=1))) == []


def test_jobs_since_a_moment_are_found_in_an_object_store() -> None:
    with object_store() as store:
        store.objects = {f"share/{name}": content for name, content in FILES.items()}

        assert {one.job for one in in_store(store).since(store.written_at)} == {"J1", "J2"}
        assert list(in_store(store).since(store.written_at + timedelta(seconds=1))) == []


def test_a_larger_file_than_allowed_is_refused(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (delivery,) = mounted(tmp_path).deliveries("J1", "F1")

    with pytest.raises(PermanentError, match=r"raise `outputs\.largest_file`"):
        content(mounted(tmp_path, largest_file=2), delivery, ENGINE)
    with object_store() as store:
        store.objects = {f"share/{name}": content for name, content in FILES.items()}
        with pytest.raises(PermanentError, match=r"raise `outputs\.largest_file`"):
            content(in_store(store, largest_file=2), delivery, ENGINE)


def test_no_link_is_followed(tmp_path: Path) -> None:
    mount, outside = tmp_path / "mount", tmp_path / "outside"
    write(mount, FILES)
    write(outside, {"secret": b"secret", f"docgen/S1/output/{MANIFEST}": b"<outputList/>"})
    output = mount / FOLDER
    (output / "Queue_25_archive" / "link.pdf").symlink_to(outside / "secret")
    (output / "Queue_link").symlink_to(outside)
    (mount / "D/jobs/J1/F7").symlink_to(outside)
    (mount / "D/jobs/J1/F5/docgen/S1/output" / MANIFEST).symlink_to(outside / "secret")
    store = mounted(mount)
    (delivery,) = store.deliveries("J1", "F1")

    for name in ("Queue_25_archive/link.pdf", "Queue_link/secret"):
        with pytest.raises(OutputMissingError):
            content(store, delivery, f"/mnt/exstream/{FOLDER}/{name}")
    assert [one.flow for one in store.deliveries("J1", None)] == ["F1", "F2"]
    assert list(store.deliveries("J1", "F7")) == []


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    output = tmp_path / FOLDER
    (output / "Queue_25_archive" / "folder.pdf").mkdir()
    os.mkfifo(output / "Queue_25_archive" / "pipe.pdf")
    store = mounted(tmp_path)
    (delivery,) = store.deliveries("J1", "F1")

    for name in ("folder.pdf", "pipe.pdf", "x" * 300):
        with pytest.raises(OutputMissingError):
            content(store, delivery, f"/mnt/{FOLDER}/Queue_25_archive/{name}")


def test_a_reader_holds_few_folders_open(tmp_path: Path) -> None:
    many = {f"{FOLDER}/Queue_{number}_x/a.pdf": str(number).encode() for number in range(40)}
    write(tmp_path, {**FILES, **many})
    store = mounted(tmp_path)
    (delivery,) = store.deliveries("J1", "F1")
    before = len(list(Path("/proc/self/fd").iterdir()))
    reader = store.reader()

    for number in [*range(40), *range(40)]:
        with reader.output(delivery, f"/mnt/{FOLDER}/Queue_{number}_x/a.pdf") as opened:
            assert opened.read() == str(number).encode()
    held = len(list(Path("/proc/self/fd").iterdir())) - before
    reader.close()

    assert held <= 8
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_mount_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real", FILES)
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert mounted(tmp_path / "link").deliveries("J1", "F1")


def test_a_mount_that_is_not_there_is_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for mount in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(MisconfiguredError, match=r"`outputs\.mount` is no folder here"):
            mounted(mount).check()


@pytest.mark.parametrize("job", ["..", ".", "a/b", "", "a\\b", "a\0b", "x" * 300, "{flow}"])
def test_a_job_whose_name_leads_elsewhere_is_not_looked_for(tmp_path: Path, job: str) -> None:
    with pytest.raises(MisconfiguredError, match="leads elsewhere"):
        mounted(tmp_path).deliveries(job, None)


@pytest.mark.parametrize("status, error", [(403, MisconfiguredError), (500, TransientError), (503, TransientError)])
def test_an_object_store_that_refuses_or_fails_is_told_apart(status: int, error: type[Exception]) -> None:
    with object_store() as store:
        store.status = status

        with pytest.raises(error):
            in_store(store).check()


def test_an_object_store_that_is_gone_is_transient() -> None:
    with object_store() as store:
        gone = in_store(store)

    with pytest.raises(TransientError):
        gone.check()


def test_an_option_that_no_object_store_knows_is_misconfigured() -> None:
    chosen = Outputs.model_validate({"store": "s3://b/x", "store_options": {"no_such_option": "secret-value"}})

    with pytest.raises(MisconfiguredError) as caught:
        output_store(chosen, domain="D", project_folder=Path()).check()
    assert "secret-value" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"mount": "x", "store": "s3://b"},
        {"store": "file:///etc"},
        {"mount": "x", "path": "/{job}/{flow}"},
        {"mount": "x", "path": "../{job}/{flow}"},
        {"mount": "x", "path": "{job}/./{flow}"},
        {"mount": "x", "path": "{job}/x"},
        {"mount": "x", "path": "{job}/{flow}/{customer}"},
        {"mount": "x", "path": "{job}/{flow}/a*"},
        {"mount": "x", "delivery_file": "../x"},
    ],
)
def test_settings_that_name_no_place_are_refused(settings: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        Outputs.model_validate(settings)


def test_a_path_may_be_laid_out_otherwise(tmp_path: Path) -> None:
    write(tmp_path, {f"out/job-J1.F1/{MANIFEST}": b"<outputList/>", f"out/other/{MANIFEST}": b"<outputList/>"})

    (delivery,) = mounted(tmp_path, path="out/job-{job}.{flow}").deliveries("J1", None)

    assert (delivery.job, delivery.flow) == ("J1", "F1")


STEPS = st.lists(st.text(st.characters(codec="ascii"), max_size=8), max_size=6)


@given(STEPS, st.sampled_from(["/", "\\"]))
def test_no_name_leads_out_of_the_folder(steps: list[str], separator: str) -> None:
    tail = tail_of(separator.join(steps), FOLDER.split("/"))

    assert tail is None or (tail and not any(step in {"", ".", ".."} or "/" in step for step in tail))


@given(st.text())
def test_no_place_leads_out_of_the_mount(job: str) -> None:
    try:
        names = [segment.name for segment in segments_of("jobs/{job}/{flow}", {"job": job})]
    except ValueError:
        return
    assert names == ["jobs", job, None]
    assert "/" not in job
    assert job not in {"", ".", ".."}
