import os
import stat
from pathlib import Path

import pytest

from tests.connectors.embedded.project import composer_of, write_sample_template, write_template
from xconnector.connectors.embedded.lint import forbidden
from xconnector.connectors.embedded.templates import publish, read_templates
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.testing.conformance.composer import composed
from xconnector.testing.orders import sample_order


async def compose(project: Path, template: str = "policy") -> Composition | ConnectorError:
    async with composer_of(project, processes=1) as composer:
        (result,) = await composer.compose([sample_order(template=template)])
    return result


async def refusal(project: Path) -> str:
    async with composer_of(project, processes=1) as composer:
        with pytest.raises(MisconfiguredError) as told:
            await composer.check()
    return str(told.value)


async def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    (tmp_path / "templates" / "policy" / "logo.svg").symlink_to("/etc/passwd")

    result = await compose(tmp_path)

    assert isinstance(result, MisconfiguredError)
    assert str(result) == "templates/policy/logo.svg is a symbolic link; put a copy of the file in its place"


async def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    (tmp_path / "templates" / "_etc").symlink_to("/etc")

    assert "templates/_etc is a symbolic link" in await refusal(tmp_path)


async def test_a_pipe_is_refused(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    os.mkfifo(tmp_path / "templates" / "policy" / "pipe")

    assert "templates/policy/pipe is no plain file" in await refusal(tmp_path)


@pytest.mark.parametrize(
    "line, named",
    [
        ('#import "@preview/cetz:0.3.0"', "package"),
        ('#import "@local/brand:1.0.0": x', "package"),
        ('#include "@preview/cetz:0.3.0"', "package"),
        ("#eval(sys.inputs.data)", "eval"),
        ("#let run = eval", "eval"),
        ("#x.map(eval)", "eval"),
        ("#std.eval(x)", "eval"),
        ('#plugin("x.wasm")', "plugin"),
        ("#datetime.today()", "today"),
        ("#datetime . today()", "today"),
    ],
)
async def test_what_is_unsafe_or_unrepeatable_is_refused(tmp_path: Path, line: str, named: str) -> None:
    write_sample_template(tmp_path, "policy")
    write_template(tmp_path, "_brand/brand.typ", f"// brand\n{line}\n")

    told = await refusal(tmp_path)

    assert told.startswith("templates/_brand/brand.typ:2: ")
    assert named in told
    assert isinstance(await compose(tmp_path), MisconfiguredError)


@pytest.mark.parametrize(
    "line",
    [
        "#let evaluated(x) = x",
        "#retrieval(x)",
        "the plugin and the eval are words",
        "#input.communication.date.text",
        "#let medieval = 1",
        "service@aurora.test",
    ],
)
def test_harmless_words_pass(tmp_path: Path, line: str) -> None:
    write_template(tmp_path, "_brand/brand.typ", line)

    assert not forbidden(read_templates(tmp_path / "templates", shown_as="templates"))


async def test_a_refusal_names_every_place(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    write_template(tmp_path, "policy/letter.typ", "#eval(x)\n\n#datetime.today()\n")

    told = await refusal(tmp_path)

    assert [line.split(": ")[0] for line in told.splitlines()] == [
        "templates/policy/letter.typ:1",
        "templates/policy/letter.typ:3",
    ]


async def test_a_missing_folder_is_misconfigured(tmp_path: Path) -> None:
    assert await refusal(tmp_path) == (
        f"there is no folder of templates at {tmp_path}/templates; create it, or mend `templates`"
    )


async def test_a_missing_font_folder_is_misconfigured(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    async with composer_of(tmp_path, fonts=["brand-fonts"]) as composer:
        with pytest.raises(MisconfiguredError, match="there is no folder of fonts at"):
            await composer.check()


async def test_mended_templates_are_taken_without_opening_anew(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    brand = write_template(tmp_path, "_brand/brand.typ", "#eval(x)")
    async with composer_of(tmp_path, processes=1) as composer:
        (before,) = await composer.compose([sample_order(template="policy")])
        brand.write_text("", "utf-8")
        (after,) = await composer.compose([sample_order(template="policy")])

    assert isinstance(before, MisconfiguredError)
    assert isinstance(after, Composition)


async def test_what_was_opened_is_what_composes(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    order = sample_order(template="policy")
    async with composer_of(tmp_path, processes=1) as composer:
        (before,) = await composer.compose([order])
        write_template(tmp_path, "policy/letter.typ", "half a fi")
        (after,) = await composer.compose([order])

    assert composed(after) == composed(before)


async def test_the_engine_names_versions_and_digests(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    before = composed(await compose(tmp_path)).engine
    write_template(tmp_path, "_brand/foot.txt", "Your {{ sender.name }}")
    after = composed(await compose(tmp_path)).engine

    assert before.startswith("typst ")
    assert before.split(" templates ")[0] == after.split(" templates ")[0]
    assert before != after


def test_a_published_copy_is_read_only_and_kept_once(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    templates = read_templates(tmp_path / "templates", shown_as="templates")

    copy = publish(templates, tmp_path / "var")

    assert copy.name == templates.digest
    assert publish(templates, tmp_path / "var") == copy
    assert read_templates(copy, shown_as="copy").files == templates.files
    assert not [
        path for path in copy.rglob("*.*") if path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    ]


def test_a_changed_copy_is_made_anew(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    templates = read_templates(tmp_path / "templates", shown_as="templates")
    copy = publish(templates, tmp_path / "var")
    letter = copy / "policy" / "letter.typ"
    letter.chmod(0o644)
    letter.write_text("something else", "utf-8")

    assert publish(templates, tmp_path / "var") == copy
    assert read_templates(copy, shown_as="copy").files == templates.files


def test_the_digest_tells_any_change(tmp_path: Path) -> None:
    file = write_template(tmp_path, "a/sms.txt", "one")
    seen = {read_templates(tmp_path / "templates", shown_as="").digest}
    file.write_text("two", "utf-8")
    seen.add(read_templates(tmp_path / "templates", shown_as="").digest)
    file.rename(file.with_name("e-mail.txt"))
    seen.add(read_templates(tmp_path / "templates", shown_as="").digest)
    write_template(tmp_path, ".git/config", "hidden files do not count")
    seen.add(read_templates(tmp_path / "templates", shown_as="").digest)

    assert len(seen) == 3


async def test_check_finds_what_cannot_work(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    write_template(tmp_path, "policy/sms.txt", "Hello\n{{ customer.name")
    write_template(tmp_path, "policy/e-mail.txt", "no subject\n")
    write_template(tmp_path, "empty/notes.md", "nothing here")
    write_template(tmp_path, "odd/e-mail.mjml", '<mjml><mj-body>\n<mj-txt href="http://x"></mj-txt></mj-body></mjml>')
    write_template(
        tmp_path, "open/e-mail.mjml", '<mjml>\n<mj-body>\n<mj-include path="_brand/gone.mjml" /></mj-body></mjml>'
    )
    write_template(tmp_path, "open/e-mail.txt", "Subject: {% autoescape false %}x{% endautoescape %}\n")
    (tmp_path / "templates" / "policy" / "letter.typ").write_bytes(b"Stra\xdfe")

    told = (await refusal(tmp_path)).splitlines()

    assert {line.split(": ")[0] for line in told} == {
        "templates/policy/letter.typ:1",
        "templates/policy/sms.txt:2",
        "templates/policy/e-mail.txt:1",
        "templates/empty",
        "templates/odd/e-mail.mjml:2",
        "templates/odd",
        "templates/open/e-mail.mjml:3",
        "templates/open/e-mail.txt:1",
    }


async def test_a_malformed_template_does_not_stop_the_others(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "policy")
    write_sample_template(tmp_path, "broken")
    write_template(tmp_path, "broken/e-mail.mjml", "<mjml><mj-body>\n{{ customer.name </mj-body></mjml>")

    assert isinstance(await compose(tmp_path), Composition)
    broken = await compose(tmp_path, "broken")
    assert isinstance(broken, PermanentError)
    assert str(broken).startswith("templates/broken/e-mail.mjml")
