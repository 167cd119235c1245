"""The stand-in of a composer that takes submissions, and how the suite finds and opens both."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from xconnector.contract.composer import Composer, Order
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.testing.conformance.composer import ComposerStandIn, designs_of, is_composer
from xconnector.testing.conformance.stand_in_module import stand_in_module


class SubmissionStandIn(Protocol):
    """What surrounds one composer that takes submissions: as `ComposerStandIn`, and it behaves as told besides.

    It is opened by `open_submission_stand_in(project_folder)` in `<stand-ins>/<connector>/stand_in.py`, an async
    context manager. What a composer does not have it answers by calling `not_applicable`. A template that is a design
    says so as `BringsDesigns` does. Times to look again should be short.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """The connection as a project file would state it, without `connector` and `limits`; runs are submitted."""
        ...

    @property
    def template(self) -> str:
        """A template that at least a letter is made of, which prints the policy number."""
        ...

    async def skip(self, orders: Sequence[Order]) -> None:
        """From now on leave these orders out without a word, whenever they are submitted."""
        ...

    async def hold(self) -> None:
        """From now on work at what is submitted without coming to an end."""
        ...

    async def let_go(self) -> None:
        """Come to an end again, also with what was held."""
        ...

    async def go_down(self) -> None:
        """From now on be out of reach."""
        ...

    async def lose_answers(self, answers: int) -> None:
        """Take so many submissions, and lose the answers to them."""
        ...


class _ModuleWithStandIns(Protocol):
    open_composer_stand_in: Callable[[Path], AbstractAsyncContextManager[ComposerStandIn]]
    open_submission_stand_in: Callable[[Path], AbstractAsyncContextManager[SubmissionStandIn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittingUnderTest:
    """A registered composer and its stand-ins' module, if somebody wrote one."""

    name: str
    module: ModuleType | None

    @property
    def has_stand_in(self) -> bool:
        return hasattr(self.module, "open_submission_stand_in")

    @property
    def stand_ins(self) -> _ModuleWithStandIns:
        return cast("_ModuleWithStandIns", self.module)

    def opened(self, stand_in: ComposerStandIn | SubmissionStandIn, project_folder: Path) -> Composer:
        """Return the composer as each worker of a project opens it: with the state folder that they share."""
        found = manifest(self.name)
        assert found.composer is not None
        state_folder = project_folder / "state"
        state_folder.mkdir(exist_ok=True)
        return found.composer(
            found.settings.model_validate(dict(stand_in.settings)),
            Surroundings(project_folder=project_folder, state_folder=state_folder, designs=designs_of(found, stand_in)),
        )


def registered_composers(stand_ins: Path, names: Sequence[str] | None) -> list[SubmittingUnderTest]:
    """Return every composer in the registry, or only the named connectors, with their stand-ins' modules."""
    chosen = connector_names() if names is None else names
    return [
        SubmittingUnderTest(name=name, module=stand_in_module(stand_ins, name, role="submission"))
        for name in chosen
        if is_composer(name)
    ]
