"""The small project with the sandbox's Exstream as its composer: its batch jobs, or its engine as a program."""

from pathlib import Path

from tests.connectors.exstream.sandbox_program import SandboxProgram
from tests.office import Changes
from xconnector.sandbox.exstream.engine_installation import EngineInstallation

_EMBEDDED = "  composer: {connector: embedded, processes: 2}\n"
_DESIGN = """
communication: 0f6c4f0a-6b1f-5d36-9a55-3c2f6a4be001
data_source: NoticeDriver
batch_channel: Notices
package: Notice.pub
outputs: {letter: {queue: archive}, email: {queue: email}}
"""


def write_design(folder: Path) -> None:
    """Say in a project's folder which design its template stands for."""
    (folder / "templates" / "notice" / "exstream.yaml").write_text(_DESIGN, encoding="utf-8")


def composed_by(exstream: SandboxProgram, output: Path) -> Changes:
    """Return what to change in the project, so that Exstream composes."""
    connection = f"""  composer:
    connector: exstream
    sign_in:
      preset: otds-single
      url: {exstream.url}/otds
      client_id: {exstream.facts["client_id"]}
      client_secret: {exstream.facts["client_secret"]}
    orchestration: {{url: "{exstream.url}/orchestration/api/v1", domain: {exstream.facts["domain"]}}}
    batch:
      outputs: {{mount: {output}, settled_after: 100ms}}
      look_every: 100ms
      flow_only_composes: true
      found_within: 10s
"""
    return {"xconnector.yaml": [(_EMBEDDED, connection)]}


def composed_by_engine(engine: EngineInstallation) -> Changes:
    """Return what to change in the project, so that the engine on the command line composes."""
    connection = f"""  composer:
    connector: exstream_engine
    program: [{engine.program}]
    packages: {engine.packages}
    look_again_after: 100ms
"""
    return {"xconnector.yaml": [(_EMBEDDED, connection)]}
