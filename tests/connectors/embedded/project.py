"""A project folder with templates, for the tests of the embedded composer."""

from pathlib import Path

from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.contract.manifest import Surroundings

LETTER = """\
#let input = json(bytes(sys.inputs.data))
#set document(title: input.communication.title, author: input.sender.name, date: auto)
#set text(font: "Source Sans 3", size: 10pt, lang: input.communication.language, fallback: false)
#show heading: set text(font: "Source Serif 4", weight: 600)
#set page(paper: "a4", margin: 25mm, footer: context [
  #counter(page).display() / #counter(page).final().first()
  #h(1fr) #image(bytes(sys.inputs.mark), format: "svg", width: 9mm, alt: "Document code")])
#input.customer.name \\
= #input.communication.title
Police #input.data.policy_number
#table(columns: (1fr, 40mm), table.header[Baustein][Summe],
  ..input.data.coverages.map(row => (row.name, row.limit.text)).flatten())
"""
MAIL = """\
<mjml lang="{{ communication.language }}">
  <mj-head><mj-title>{{ communication.title }}</mj-title></mj-head>
  <mj-body>
    <mj-include path="_brand/head.mjml" />
    <mj-section><mj-column>
      <mj-text>Hallo {{ customer.name }}, Ihre Police {{ data.policy_number }}</mj-text>
      <mj-table>{% for row in data.coverages %}<tr><td>{{ row.name }}</td></tr>{% endfor %}</mj-table>
      <mj-button href="{{ sender.website }}">Zum Portal</mj-button>
    </mj-column></mj-section>
  </mj-body>
</mjml>
"""
MAIL_TEXT = """\
Subject: {{ communication.title }} für {{ customer.name }}

Hallo {{ customer.name }},
Ihre Police {{ data.policy_number }} liegt bei.
{% include "_brand/foot.txt" %}
"""
SMS = "{{ sender.name }}: Police {{ data.policy_number }} ist da. {{ customer.name }}\n"


def write_template(project_folder: Path, path: str, content: str) -> Path:
    """Write a file below the project's templates."""
    file = project_folder / "templates" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")
    return file


def write_sample_template(project_folder: Path, name: str) -> None:
    """Write a template that makes every kind of rendition, and the pieces it shares."""
    write_template(project_folder, f"{name}/letter.typ", LETTER)
    write_template(project_folder, f"{name}/e-mail.mjml", MAIL)
    write_template(project_folder, f"{name}/e-mail.txt", MAIL_TEXT)
    write_template(project_folder, f"{name}/sms.txt", SMS)
    write_template(
        project_folder,
        "_brand/head.mjml",
        "<mj-section><mj-column><mj-text>{{ sender.name }}</mj-text></mj-column></mj-section>",
    )
    write_template(project_folder, "_brand/foot.txt", "Ihre {{ sender.name }}")


def composer_of(project_folder: Path, **settings: object) -> EmbeddedComposer:
    """Return the composer of this project, still to be opened."""
    return EmbeddedComposer(
        EmbeddedSettings.model_validate(settings),
        Surroundings(project_folder=project_folder, state_folder=project_folder / "var"),
    )
