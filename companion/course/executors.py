"""Who does the grading: processes of this machine, or a Dask cluster. The units are the same.

An executor maps a function over units and gives the results as they come, in any order. It never
holds more units than it has hands, and a hand that dies costs one retry, not the run. Processes
and not threads, because the judge silences what answers print for a whole process at a time.
"""

import collections
import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Protocol

from companion.course.gradebook import Result, Unit

Work = Callable[[Unit, int], Result]  # (unit, slot): no two units are in one slot at one time
Fail = Callable[[Unit, str], Result]  # what to report of a unit that could not be graded

UNIT_SECONDS = 1200  # the sandbox's own limits end long before; this is for a grader that hangs
START_SECONDS = 120  # for a process to import what it needs, on a machine under load
ATTEMPTS = 2
LOOK_SECONDS = 2  # between two looks at which workers a cluster has
LOST_LOOKS = 15  # before a cluster without workers is given up
PR_SET_PDEATHSIG = 1


class Executor(Protocol):
    """Grades units, and says how it does."""

    name: str

    def map(self, units: Iterator[Unit]) -> Iterator[Result]:
        """The result of each unit, as they come."""


class Pool:
    """`jobs` processes of this machine; they end when this process does, even if it is killed."""

    def __init__(self, jobs: int, work: Work, fail: Fail, seconds: float = UNIT_SECONDS):
        if jobs < 1:
            raise ValueError(f"jobs must be 1 or more, not {jobs}")
        self.name = f"{jobs} processes"
        self._jobs, self._work, self._fail, self._seconds = jobs, work, fail, seconds

    def map(self, units: Iterator[Unit]) -> Iterator[Result]:
        """The results; a unit whose process died twice gets the failure's result."""
        queue = _Queue(units)
        hands = [_Hand(slot, self._work) for slot in range(self._jobs)]
        try:
            while queue.hand_out(hands):
                busy = {hand.connection: hand for hand in hands if hand.unit}
                for connection in wait(list(busy), timeout=1.0):
                    yield from self._receive(busy[connection], queue)
                for hand in hands:
                    if hand.unit and time.monotonic() - hand.since > self._seconds:
                        hand.process.kill()  # its connection closes, and is read as a death
        finally:
            for hand in hands:
                hand.stop()

    def _receive(self, hand: "_Hand", queue: "_Queue") -> Iterator[Result]:
        unit = hand.unit
        try:
            result = hand.connection.recv()
            if result is None:  # it has started: only now its time begins
                hand.since = time.monotonic()
                return
        except (EOFError, OSError):
            hand.restart()
            if queue.again(unit):
                return
            result = self._fail(unit, "the grading process died")
        hand.unit = None
        yield result


class _Queue:
    """Units still to be given out, the second attempts first."""

    def __init__(self, units: Iterator[Unit]):
        self._units, self._retries = units, collections.deque()
        self._attempts: collections.Counter[int] = collections.Counter()

    def hand_out(self, hands: list["_Hand"]) -> bool:
        """Give each idle hand a unit; False when all is done."""
        for hand in hands:
            if hand.unit is None:
                unit = self._retries.popleft() if self._retries else next(self._units, None)
                if unit is not None:
                    hand.begin(unit)
        return any(hand.unit for hand in hands)

    def again(self, unit: Unit) -> bool:
        """Put the unit back after a failure; False if it has had its attempts."""
        self._attempts[unit.id] += 1
        if self._attempts[unit.id] >= ATTEMPTS:
            return False
        self._retries.append(unit)
        return True


class _Hand:
    """One grading process and the unit that it has."""

    def __init__(self, slot: int, work: Work):
        self.slot, self._work = slot, work
        self.unit: Unit | None = None
        self.process: multiprocessing.Process | None = None  # none before the first unit

    def _start(self) -> None:
        self.since = time.monotonic() + START_SECONDS
        # A fresh interpreter: it inherits neither the open book nor our end of other pipes.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        arguments = (theirs, self.slot, self._work, os.getpid())
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def begin(self, unit: Unit) -> None:
        if self.process is None:
            self._start()
        self.unit = unit
        self.since = max(self.since, time.monotonic())
        with contextlib.suppress(OSError):  # it died in between; reading will say so
            self.connection.send(unit)

    def restart(self) -> None:
        self.stop()
        self.unit = self.process = None

    def stop(self) -> None:
        if self.process is None:
            return
        self.connection.close()
        self.process.join(0 if self.unit else 2)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _serve(connection: Connection, slot: int, work: Work, parent: int) -> None:
    """The life of a grading process: a unit, its result, and so on until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _die_with(parent)
    with contextlib.suppress(EOFError, OSError):
        connection.send(None)
        while True:
            connection.send(work(connection.recv(), slot))


def _die_with(parent: int) -> None:
    """Have the kernel kill this process with its parent; elsewhere than Linux the pipe tells it."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


class Dask:
    """The workers of a Dask cluster at `dask://host:port`; the sandbox runs where they are.

    Every worker needs this package, bubblewrap, and one thread (`dask worker --nthreads 1`).
    """

    def __init__(self, address: str, work: Work, fail: Fail):
        try:
            import distributed
        except ImportError:
            raise ValueError(
                "--executor dask://… needs the package `distributed`: pip install distributed, "
                "here and on the workers, in one version"
            ) from None
        self._distributed, self._work, self._fail = distributed, work, fail
        self._address = "tcp://" + address.removeprefix("dask://")
        self.name = f"Dask at {address}"

    def map(self, units: Iterator[Unit]) -> Iterator[Result]:
        """The results; one unit at a time on each worker, pinned to it, so slots never clash.

        Raises `ValueError` when no worker is left; what was graded is in the book by then.
        """
        queue, hands = _Queue(units), []
        with self._distributed.Client(self._address) as client:
            while True:
                for unit, address in self._muster(client, hands):
                    if not queue.again(unit):
                        yield self._fail(unit, f"the worker {address} was lost")
                if not queue.hand_out(hands):
                    return
                futures = [hand.future for hand in hands if hand.unit]
                with contextlib.suppress(TimeoutError):
                    self._distributed.wait(futures, LOOK_SECONDS, return_when="FIRST_COMPLETED")
                for hand in hands:
                    if hand.unit and hand.future.done():
                        yield from self._receive(hand, queue)

    def _muster(self, client, hands: list["_Worker"]) -> list[tuple[Unit, str]]:
        """Bring the hands up to date with the cluster; the units that lost workers had."""
        threads = client.nthreads()
        for _ in range(LOST_LOOKS):
            if threads:
                break
            time.sleep(LOOK_SECONDS)
            threads = client.nthreads()
        if not threads or any(number != 1 for number in threads.values()):
            raise ValueError(
                f"the cluster at {self._address} has workers with {sorted(threads.values())} "
                "threads; start one or more with --nthreads 1. The same command goes on"
            )
        lost = [hand for hand in hands if hand.address not in threads]
        hands[:] = [hand for hand in hands if hand.address in threads]
        for address in sorted(set(threads) - {hand.address for hand in hands}):
            free = min(set(range(len(threads))) - {hand.slot for hand in hands})
            hands.append(_Worker(free, address, client, self._work))
        return [(hand.unit, hand.address) for hand in lost if hand.unit]

    def _receive(self, hand: "_Worker", queue: _Queue) -> Iterator[Result]:
        unit, hand.unit = hand.unit, None
        if hand.future.status == "finished":
            yield hand.future.result()
        elif not queue.again(unit):
            yield self._fail(unit, f"the worker {hand.address} failed: {hand.future.status}")


class _Worker:
    """One worker of the cluster and the unit that it has."""

    def __init__(self, slot: int, address: str, client, work: Work):
        self.slot, self.address, self._client, self._work = slot, address, client, work
        self.unit: Unit | None = None
        self.future = None

    def begin(self, unit: Unit) -> None:
        self.unit = unit
        self.future = self._client.submit(
            self._work, unit, self.slot, workers=[self.address], pure=False, retries=0
        )
