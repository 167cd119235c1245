"""Processes that compose, shared fairly between everyone who waits for documents.

All of it runs in one event loop and needs no lock. A process is spawned when there is work that
no idle one can take. It gets a few tasks ahead and answers them in their sequence, so the oldest
open task is the one it is at: when the process dies, that one is to blame, and the others are
given to the next.
"""

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xconnector.connectors.embedded import wire
from xconnector.connectors.embedded.process import (
    Process,
    was_ended_from_outside,
    was_out_of_memory,
    was_over_deadline,
)
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_TASKS_AHEAD = 3
"""The one it is at, one that waits in its socket, and one on the way."""
_DEATHS_THAT_PROVE = 2
"""A process may have been worn by others before: a document is to blame when two died over it."""
_MOST_FAILED_STARTS = 3

Outcome = wire.Made | ConnectorError


@dataclass(slots=True, eq=False)
class _Share:
    """One call that waits for documents: its part of the pool is as large as that of any other call."""

    outcomes: list[Outcome | None]
    open: int
    done: "asyncio.Future[None]"
    waiting: "deque[_Assignment]" = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class _Assignment:
    """One task of a share."""

    share: _Share
    position: int
    task: wire.Task = field(repr=False)
    deaths: int = 0
    """How many processes ended over it."""

    def settle(self, outcome: Outcome) -> None:
        self.share.outcomes[self.position] = outcome
        self.share.open -= 1
        if self.share.open == 0 and not self.share.done.done():
            self.share.done.set_result(None)


class _Worker:
    """A process and what it was given."""

    def __init__(self, pool: "Pool", setup: wire.Setup) -> None:
        self._pool = pool
        self.assignments: deque[_Assignment] = deque()
        self.composed = 0
        self.is_ready = False
        self.retires = False
        self.unable = ""
        self.buried = asyncio.get_running_loop().create_future()
        self.process = Process(setup, on_answer=self._take_answer, on_end=self._end)

    def take(self, assignment: _Assignment) -> None:
        self.assignments.append(assignment)
        self.process.send(assignment.task)

    def _take_answer(self, answer: wire.Answer) -> None:
        match answer:
            case wire.Ready():
                self.is_ready = True
                self._pool.worker_is_ready()
            case wire.Unable(reason=reason):
                self.unable = reason
            case wire.Made() | wire.Refused():
                self.composed += 1
                made = answer if isinstance(answer, wire.Made) else PermanentError(answer.reason)
                self.assignments.popleft().settle(made)
                self._pool.worker_answered(self, worn=isinstance(answer, wire.Made) and answer.worn)

    def _end(self) -> None:
        self._pool.worker_ended(self)


class Pool:
    """Composes tasks in up to `processes` processes of the same set-up."""

    def __init__(self, setup: wire.Setup, *, processes: int, recycle_after: int) -> None:
        self._setup = setup
        self._processes = processes
        self._recycle_after = recycle_after
        self._workers: list[_Worker] = []
        self._shares: deque[_Share] = deque()
        self._burials: set[asyncio.Task[None]] = set()
        self._failed_starts = 0
        self._proofs: list[asyncio.Future[None]] = []
        self._closed = False

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that run now."""
        return tuple(worker.process.process_id for worker in self._workers)

    async def compose(self, tasks: Sequence[wire.Task]) -> list[Outcome]:
        """Return one outcome for each task, in their sequence."""
        if not tasks or self._closed:
            return [_closed() for _ in tasks]
        done = asyncio.get_running_loop().create_future()
        share = _Share(outcomes=[None] * len(tasks), open=len(tasks), done=done)
        share.waiting.extend(_Assignment(share, position, task) for position, task in enumerate(tasks))
        self._shares.append(share)
        self._dispatch()
        try:
            await done
        finally:
            # A caller who goes away leaves nothing behind that would still be composed.
            share.waiting.clear()
        return [outcome or _closed() for outcome in share.outcomes]

    async def prove(self) -> None:
        """Wait until a process has started.

        Raises MisconfiguredError with the reason where none can.
        """
        if any(worker.is_ready for worker in self._workers):
            return
        proof = asyncio.get_running_loop().create_future()
        self._proofs.append(proof)
        try:
            if not self._workers:
                self._spawn()
            await proof
        finally:
            self._proofs = [other for other in self._proofs if other is not proof]

    async def close(self) -> None:
        """End every process; whoever still waits learns that the composer was closed."""
        self._closed = True
        self._fail_waiting(_closed)
        for worker in self._workers:
            while worker.assignments:
                worker.assignments.popleft().settle(_closed())
            worker.process.kill()
        await asyncio.gather(*(worker.buried for worker in self._workers))

    def worker_is_ready(self) -> None:
        self._failed_starts = 0
        for proof in self._proofs:
            if not proof.done():
                proof.set_result(None)
        self._proofs.clear()

    def worker_answered(self, worker: _Worker, *, worn: bool) -> None:
        """Give it more to do, or let it go when it has done its part."""
        worker.retires = worker.retires or worn or worker.composed >= self._recycle_after
        if worker.retires and not worker.assignments:
            worker.process.hang_up()
        self._dispatch()

    def worker_ended(self, worker: _Worker) -> None:
        worker.retires = True
        burial = asyncio.ensure_future(self._bury(worker))
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)

    async def _bury(self, worker: _Worker) -> None:
        """Find out why it ended, blame the task it was at, and give the others to the next."""
        status = await worker.process.exit_status()
        self._workers.remove(worker)
        if worker.is_ready:
            self._blame(worker, status)
        else:
            self._failed_starts += 1
        for assignment in reversed(worker.assignments):
            self._give_back(assignment)
        if self._failed_starts >= _MOST_FAILED_STARTS:
            self._give_up(worker.unable or f"it ended with status {status}")
        elif self._proofs and not self._workers and not self._closed:
            self._spawn()
        self._dispatch()
        worker.buried.set_result(None)

    def _blame(self, worker: _Worker, status: int) -> None:
        """Settle the oldest open task where it is proven that processes die over it."""
        if not worker.assignments:
            return
        suspect = worker.assignments[0]
        suspect.deaths += 1
        if suspect.deaths >= _DEATHS_THAT_PROVE or was_over_deadline(status):
            worker.assignments.popleft()
            suspect.settle(self._verdict(suspect.task, status))

    def _verdict(self, task: wire.Task, status: int) -> ConnectorError:
        template = f"{self._setup.shown_as}/{task.template}"
        if was_over_deadline(status):
            return PermanentError(
                f"{template}: the document took longer than {self._setup.deadline:g} s; "
                "look for a loop in the template, or raise `deadline`"
            )
        if was_out_of_memory(status):
            return PermanentError(
                f"{template}: the document took more than {self._setup.memory >> 20} MiB; "
                "look for something in the template that grows without end, or raise `memory`"
            )
        if was_ended_from_outside(status):
            return TransientError(
                f"{template}: the process that composed it was ended from outside by {signal.Signals(-status).name}, "
                "twice; is the machine short of memory?"
            )
        return PermanentError(
            f"{template}: the engine broke over the document (exit status {status}); "
            "simplify the template, and report this with it"
        )

    def _give_back(self, assignment: _Assignment) -> None:
        share = assignment.share
        if share.done.done():
            return
        share.waiting.appendleft(assignment)
        if share not in self._shares:
            self._shares.appendleft(share)

    def _give_up(self, reason: str) -> None:
        """No process starts: everyone who waits learns why, and the next call tries again."""
        self._failed_starts = 0
        says = f"the embedded composer starts no process: {reason}; reinstall xConnector, or raise `memory`"
        self._fail_waiting(lambda: MisconfiguredError(says))

    def _fail_waiting(self, error: Callable[[], ConnectorError]) -> None:
        while (assignment := self._next()) is not None:
            assignment.settle(error())
        for proof in self._proofs:
            if not proof.done():
                proof.set_exception(error())
        self._proofs.clear()

    def _dispatch(self) -> None:
        """Hand out what waits, as far as there is somebody to take it."""
        while not self._closed and any(share.waiting for share in self._shares):
            worker = self._freest()
            if worker is None:
                return
            assignment = self._next()
            if assignment is not None:
                worker.take(assignment)

    def _next(self) -> _Assignment | None:
        """Take the next task: one from each call in turn."""
        while self._shares:
            share = self._shares.popleft()
            if share.waiting:
                assignment = share.waiting.popleft()
                if share.waiting:
                    self._shares.append(share)
                return assignment
        return None

    def _freest(self) -> _Worker | None:
        """Return an idle process, else a new one, else the one with the fewest tasks, else none."""
        takers = [worker for worker in self._workers if not worker.retires]
        freest = min(takers, key=lambda worker: len(worker.assignments), default=None)
        if (freest is None or freest.assignments) and len(self._workers) < self._processes:
            return self._spawn()
        if freest is None or len(freest.assignments) >= _TASKS_AHEAD:
            return None
        return freest

    def _spawn(self) -> _Worker | None:
        """Return a new process, or None where the system has no room for one but others can do the work."""
        try:
            worker = _Worker(self, self._setup)
        except OSError as full:
            if not self._workers:
                says = f"no process can be started: {full.strerror}; free some memory or processes"
                self._fail_waiting(lambda: TransientError(says))
            return None
        self._workers.append(worker)
        return worker


def _closed() -> ConnectorError:
    return TransientError("the composer was closed before this document was composed")
