"""A project folder with templates, for the tests of the embedded composer."""

import json
from pathlib import Path

from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.connectors.embedded.documents import Documents
from xconnector.connectors.embedded.fonts import font_folders
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.connectors.embedded.wire import Made, Setup, Task
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind

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


def compose_here(project_folder: Path, order: Order, **settings: object) -> Composition | PermanentError:
    """Compose what a process of the composer would, without starting one."""
    chosen = EmbeddedSettings.model_validate(settings)
    setup = Setup(
        templates=str(project_folder / "templates"),
        shown_as="templates",
        fonts=tuple(str(folder) for folder in font_folders(project_folder, chosen.fonts)),
        memory=int(chosen.memory),
        deadline=chosen.deadline.total_seconds(),
        compilers=chosen.compilers,
        sms_segments=chosen.sms_segments,
        sms_plain_punctuation=chosen.sms_plain_punctuation,
    )
    task = Task(
        template=order.template,
        kinds=tuple(order.kinds),
        communication_id=str(order.communication_id),
        issued_at=int(order.issued_at.timestamp()),
        data=json.dumps(order.data).encode(),
    )
    answer = Documents(setup).compose(task, worn=lambda: False)
    if not isinstance(answer, Made):
        return PermanentError(answer.reason)
    renditions = tuple(
        Rendition.of(RenditionKind(piece.kind), piece.content, pages=piece.pages) for piece in answer.pieces
    )
    return Composition(renditions=renditions, engine="here")
