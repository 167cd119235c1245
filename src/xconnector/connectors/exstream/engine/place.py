"""Where a connection's runs take place: its engine, its packages, its designs, and its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.engine.launch import Launcher
from xconnector.connectors.exstream.engine.package_file import PackageFiles
from xconnector.connectors.exstream.engine.run import Run, write_control_file
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.connectors.exstream.engine.work_folder import Attempt, RunFolder, WorkFolder
from xconnector.connectors.exstream.whole_file import write_whole
from xconnector.contract.errors import MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Everything that a run needs and that stays the same from run to run."""

    settings: EngineSettings
    project_folder: Path
    designs: Mapping[str, ExstreamDesign]
    packages: PackageFiles
    work: WorkFolder
    launcher: Launcher

    @classmethod
    def of(cls, settings: EngineSettings, surroundings: Surroundings) -> "Place":
        project = surroundings.project_folder.resolve()
        work = project / settings.work_folder if settings.work_folder else surroundings.state_folder.resolve() / "runs"
        return cls(
            settings=settings,
            project_folder=project,
            designs={
                template: design
                for template, design in surroundings.designs.items()
                if isinstance(design, ExstreamDesign)
            },
            packages=PackageFiles(project / settings.packages),
            work=WorkFolder(work, keep_for=settings.keep_for, is_ours_to_make=settings.work_folder is None),
            launcher=Launcher(settings=settings, project_folder=project),
        )

    def check(self) -> None:
        """Raise MisconfiguredError where the engine, the packages or the work folder are of no use."""
        self.launcher.check()
        self.packages.check()
        with self.work.usable(), self.work.awaited() as folder:
            write_whole(folder.driver, b"")

    def check_packages(self) -> None:
        """Raise MisconfiguredError where a design that names a package does not find it."""
        for template, design in self.designs.items():
            if design.package is not None:
                try:
                    self.packages.of(design, template)
                except PermanentError as refusal:
                    raise MisconfiguredError(str(refusal)) from None

    def design(self, template: str) -> ExstreamDesign:
        """Return the design that a template stands for. Raises PermanentError where it stands for none."""
        return design_of(self.designs, template)

    def attempt(self, folder: RunFolder, run: Run) -> Attempt:
        """Prepare a start of the engine in this folder. Raises one of the four errors."""
        with self.work.usable():
            attempt = folder.next_attempt()
            write_control_file(run, attempt, self.settings, self.project_folder)
            write_whole(attempt.engine, self.packages.engine(run.package).encode())
        return attempt
