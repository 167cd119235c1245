"""A composer that works in its own time, as the test says; what it makes is made by the embedded one."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from xconnector.contract.composer import Composer, Composition, Order
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError
from xconnector.contract.submission import Made, Submission, SubmissionOutcome, SubmissionReceipt, Underway
from xconnector.domain.document import RenditionKind

SOON = timedelta(milliseconds=50)


def number_of(order: Order) -> str:
    """The number of the notice."""
    return str(order.data["data"]["number"])


@dataclass(slots=True, kw_only=True)
class ScriptedComposer:
    """Takes submissions; remembers every one that it was given, in order."""

    embedded: Composer
    at_most: int = 1000
    by_position: bool = False
    key: Callable[[Order], str | None] = number_of
    """By which it names its results, but by position."""
    single_orders_too: bool = True
    refuses: Callable[[Order], bool] = lambda _: False
    """Orders that it does not admit."""
    skips: Callable[[str], bool] = lambda _: False
    """Numbers of notices that it leaves out."""
    makes: frozenset[RenditionKind] = frozenset(RenditionKind)
    """The renditions that its designs have."""
    on_submit: ConnectorError | None = None
    """Raised once by the next submission, after it was taken where that is unknown."""
    on_find: ConnectorError | None = None
    """Raised by every search."""
    searches: int = 0
    """How often somebody searched."""
    on_look: list[ConnectorError | Underway] = field(default_factory=list[ConnectorError | Underway])
    """What the next looks say, one after the other."""
    job: str | None = None
    """What it calls every job, as one that belongs to one submission alone."""
    further: Sequence[Made] = ()
    """Results that nobody asked for."""
    submissions: list[Submission] = field(default_factory=list[Submission])
    taken: dict[str, list[Order]] = field(default_factory=dict[str, list[Order]])
    """By submission key: what it was given."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """All is well."""

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        return await self.embedded.compose(orders)

    def submits(self, template: str, *, of_run: bool) -> bool:
        del template
        return of_run or self.single_orders_too

    @property
    def orders_per_submission(self) -> int:
        return self.at_most

    def admit(self, order: Order) -> str | None:
        if self.refuses(order):
            raise PermanentError("it does not fit the driver")
        return self.key(order)

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        given = [order async for order in orders]
        self.submissions.append(submission)
        error, self.on_submit = self.on_submit, None
        if error is None or isinstance(error, OutcomeUnknownError):
            self.taken[submission.submission_key] = given
        if error is not None:
            raise error
        return self._receipt(submission)

    async def find(self, submission: Submission) -> SubmissionReceipt | None:
        self.searches += 1
        if self.on_find is not None:
            raise self.on_find
        return self._receipt(submission) if submission.submission_key in self.taken else None

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        assert reference == "a job"
        if self.on_look:
            said = self.on_look.pop(0)
            if isinstance(said, ConnectorError):
                raise said
            return said
        return SubmissionOutcome(
            made=self._made(submission), left_out=PermanentError("the engine skipped it"), detail={"pages": "many"}
        )

    async def _made(self, submission: Submission) -> AsyncIterator[Made]:
        orders = self.taken[submission.submission_key]
        for position, order in enumerate(orders, start=1):
            if not self.skips(number_of(order)):
                (result,) = await self.embedded.compose([replace(order, kinds=order.kinds & self.makes)])
                yield Made(key=position if self.by_position else number_of(order), result=result)
        for made in self.further:
            yield made

    def _receipt(self, submission: Submission) -> SubmissionReceipt:
        job = self.job or f"J-{list(self.taken).index(submission.submission_key) + 1}"
        # As an engine does that is found by the submission's own key: the reference says nothing.
        return SubmissionReceipt(reference="a job", detail={"job": job}, jobs=frozenset({job}))
