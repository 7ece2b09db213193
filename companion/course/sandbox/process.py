"""One sandboxed process: started, asked line by line, watched, and ended for certain.

Three threads serve it. One reads results, one reads what is printed, one watches clock, memory and
files; only the last two may end it early. Whoever asks waits for the result or for the end.
"""

import contextlib
import json
import os
import queue
import secrets
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from companion.course.report import INFRASTRUCTURE, KILLED, TIMEOUT
from companion.course.sandbox import recipe, results, seccomp
from companion.course.sandbox.limits import MIB, NUMPY, Limits
from companion.probes import Outcome, wire

TICK = 0.05  # seconds between two looks of the watchdog
PATIENCE = (0.0, 0.2, 1.0, 3.0)  # seconds before each attempt to make a sandbox
FILES = 20_000  # in /tmp: their names and inodes are memory that no size counts
GONE = 30.0  # seconds that the kernel gets to end a namespace


class Failure(Exception):
    """The sandbox has ended: `state` is `timeout`, `killed` or `infrastructure`."""

    def __init__(self, state: str, message: str):
        super().__init__(message)
        self.state, self.message = state, message


class Process:
    """A worker in a sandbox. Use it as a context manager: leaving it ends everything inside.

    `isolation` is `recipe.level()` unless the caller says `none`, which protects from nothing.
    Raises `Failure("infrastructure", ...)` if no sandbox could be made.
    """

    def __init__(
        self,
        limits: Limits = NUMPY,
        *,
        slot: int = 0,
        modules: tuple[str, ...] = (),
        isolation: str | None = None,
    ):
        self.limits, self.slot, self.modules = limits, slot, modules
        self.isolation = isolation or recipe.level()
        self._reset()

    def _reset(self) -> None:
        """Nothing has been started yet."""
        self.peak_memory = 0  # bytes resident, all processes of the sandbox together
        self.processor_seconds = 0.0  # of the processes that were there at the end
        self.log = b""
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._reason: tuple[str, str] | None = None
        self._deadline: tuple[float, str] | None = None
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._process: subprocess.Popen | None = None
        self._first: int | None = None  # process 1 of the namespace, as this machine numbers it
        self._handle: int | None = None  # its pidfd: a number may be used again, this cannot

    def __enter__(self) -> "Process":
        for pause in PATIENCE:
            time.sleep(pause)
            try:
                self._start()
                return self
            except (OSError, Failure) as problem:
                failure = problem
                self.close()
                self._reset()
        raise Failure(INFRASTRUCTURE, f"no sandbox could be made: {failure}")

    def __exit__(self, *_: object) -> None:
        self.close()

    def run_cell(
        self, name: str, code: str, answers: tuple[str, ...], seconds: float
    ) -> tuple[dict[str, Any] | None, list[str]]:
        """(the exception of a cell or None, which of its answers it gave). Raises `Failure`."""
        cell = {"name": name, "code": code, "answers": list(answers)}
        late = f"The cell ran for more than {seconds:.3g} seconds."
        data = self._ask({"cell": cell}, seconds, late)
        return self._believe(results.cell_result, data, answers)

    def call(
        self, exercise: str, probe: str, cases: Sequence[dict[str, Any]], seconds: float
    ) -> list[Outcome]:
        """What a probe, `module:function`, saw of an answer in each case. Raises `Failure`."""
        request = {"exercise": exercise, "probe": probe, "cases": wire.encode(list(cases))}
        answer = self._ask(request, seconds, self._late())
        return self._believe(results.outcomes, answer, len(cases))

    def settle(self) -> None:
        """Make sure that nothing was answered twice. Raises `Failure`."""
        self._believe(results.nothing, self._ask({}, self.limits.exercise_seconds, self._late()))

    def close(self) -> None:
        """End the sandbox, and return only when the last process in it is gone."""
        self._closing.set()
        if self._process is not None and self._first is not None:
            family = [self._process.pid, *_descendants(self._process.pid)]
            self.processor_seconds = sum(map(_processor_seconds, family))
        self._kill()
        gone = True
        if self._handle is not None:
            watched = select.poll()
            watched.register(self._handle, select.POLLIN)
            gone = bool(watched.poll(GONE * 1000))
        if self._process is not None and gone:
            self._process.wait()
        for thread in self._threads:
            thread.join(GONE)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        if not gone:
            raise RuntimeError(f"the sandbox of process {self._first} does not end")
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                with contextlib.suppress(OSError):
                    pipe.close()

    def _start(self) -> None:
        """Start bubblewrap and the worker; wait until it has given the token back."""
        self._launch()
        jobs = (self._read_results, self._read_log, self._watch)
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()
        start, seconds = {"limits": asdict(self.limits)}, self.limits.start_seconds
        try:
            late = f"The worker did not start within {seconds:g} seconds."
            self._believe(results.nothing, self._ask(start, seconds, late))
        except Failure as failure:
            self.close()
            said = self.log.decode("utf-8", "replace").strip().splitlines()
            raise Failure(INFRASTRUCTURE, said[-1] if said else failure.message) from None

    def _launch(self) -> None:
        """The process itself; in a sandbox also the handle on its first process."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        python = [os.path.realpath(sys.executable), "-I", "-S"]
        if self.isolation == "none":
            paths = [*sorted({*filter(os.path.isdir, sys.path)}), str(recipe.PACKAGE.parent)]
            line = [*python, str(recipe.WORKER), *paths]
            environment = recipe.ENVIRONMENT | {"HOME": os.path.expanduser("~")}
            if "SYSTEMROOT" in os.environ:  # without it Windows starts no program
                environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
            self._process = subprocess.Popen(line, env=environment, **pipes)
            return
        view = recipe.course(self.modules)
        told, tell = os.pipe()
        with recipe.readable(seccomp.program()) as rules, open(told, "rb") as information:
            try:
                line = recipe.command(
                    [*python, "/companion/worker.py", *view.paths],
                    self.isolation == "bubblewrap-root",
                    shutil.which("bwrap") or "bwrap",
                    view=view,
                    slot=self.slot,
                    temporary=self.limits.temporary,
                    options=["--seccomp", str(rules), "--info-fd", str(tell)],
                )
                self._process = subprocess.Popen(
                    line, env={}, cwd="/", pass_fds=(rules, tell), **pipes
                )
            finally:
                os.close(tell)
            readable, _, _ = select.select([information], [], [], self.limits.start_seconds)
            said = information.read() if readable else b""
        if not said:
            problem = self._process.communicate()[1] if readable else b"it does not answer"
            raise Failure(INFRASTRUCTURE, problem.decode("utf-8", "replace").strip())
        self._first = int(json.loads(said)["child-pid"])
        with contextlib.suppress(ProcessLookupError):  # it has ended: its log says why
            self._handle = os.pidfd_open(self._first)

    def _late(self) -> str:
        return f"Its calls took more than {self.limits.exercise_seconds:g} seconds together."

    def _ask(self, request: dict[str, Any], seconds: float, late: str) -> dict[str, Any]:
        """One request, its one answer. A foreign, second or missing answer ends the sandbox."""
        token = secrets.token_hex(8)
        line = json.dumps({**request, "token": token}).encode() + b"\n"
        if not self._lines.empty():
            raise self._forged("an answer that nobody asked for")
        self._deadline = time.monotonic() + seconds, late
        with contextlib.suppress(BrokenPipeError):  # it has ended: the next line says how
            self._process.stdin.write(line)
            self._process.stdin.flush()
        answer = self._lines.get()
        self._deadline = None
        if answer is None:
            self._lines.put(None)
            raise self._ended()
        data = self._believe(results.message, answer)
        if data.pop("token", None) != token:
            raise self._forged("an answer that nobody asked for")
        return data

    def _believe(self, read: Callable, *data: Any) -> Any:
        """What a strict reader makes of the data; a forgery ends the sandbox."""
        try:
            return read(*data)
        except results.Forged as forged:
            raise self._forged(str(forged)) from None

    def _forged(self, what: str) -> Failure:
        self._stop(KILLED, f"The submission wrote on the grader's pipe: {what}.")
        return self._ended()

    def _ended(self) -> Failure:
        """Why there is no answer."""
        if self._reason is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            code = self._process.poll()
            said = f" (exit code {code})" if code is not None else ""
            self._stop(KILLED, f"The submission ended the process that it ran in{said}.")
        return Failure(*self._reason)

    def _stop(self, state: str, message: str) -> None:
        """End it early; the first reason counts."""
        with self._lock:
            self._reason = self._reason or (state, message)
        self._kill()

    def _kill(self) -> None:
        """Process 1 cannot refuse this, and the kernel ends its namespace with it."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._process is not None and self._process.poll() is None:
                for one in [*_descendants(self._process.pid)]:
                    with contextlib.suppress(OSError):
                        os.kill(one, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
                self._process.kill()

    def _read_results(self) -> None:
        """Split what comes into lines; None at the end."""
        rest, total = b"", 0
        for chunk in _chunks(self._process.stdout):
            total += len(chunk)
            if total > self.limits.result:
                size = self.limits.result // MIB
                self._stop(KILLED, f"The answers are larger than {size} MiB.")
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def _read_log(self) -> None:
        """Keep the beginning of what is printed; a flood ends the sandbox."""
        total = 0
        for chunk in _chunks(self._process.stderr):
            total += len(chunk)
            if total > self.limits.chatter:
                self._stop(KILLED, f"It printed more than {self.limits.chatter // MIB} MiB.")
                break
            self.log += chunk[: self.limits.log - len(self.log)]

    def _watch(self) -> None:
        """Look at clock, memory and files until the sandbox is closed."""
        while not self._closing.wait(TICK):
            deadline = self._deadline
            if deadline and time.monotonic() > deadline[0]:
                self._stop(TIMEOUT, deadline[1])
                return
            root = self._first or self._process.pid
            used = sum(_resident(pid) for pid in [root, *_descendants(root)])
            self.peak_memory = max(self.peak_memory, used)
            if used > self.limits.resident:
                size = self.limits.resident // MIB
                self._stop(KILLED, f"It used more than {size} MiB of memory.")
                return
            if self._first and _files(self._first) > FILES:
                self._stop(KILLED, f"It made more than {FILES} files.")
                return


def _chunks(pipe: Any) -> Iterator[bytes]:
    while chunk := os.read(pipe.fileno(), 65536):
        yield chunk


def _descendants(pid: int) -> list[int]:
    """The processes below this one, as the kernel lists them; orphans belong to process 1."""
    if not sys.platform.startswith("linux"):
        import psutil

        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children(recursive=True)]
        return []
    found, waiting = [], [pid]
    while waiting:
        tasks = f"/proc/{waiting.pop()}/task"
        with contextlib.suppress(OSError):
            for task in os.listdir(tasks):
                with contextlib.suppress(OSError), open(f"{tasks}/{task}/children") as file:
                    children = [int(word) for word in file.read().split()]
                    found += children
                    waiting += children
    return found


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds now; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _processor_seconds(pid: int) -> float:
    """What the threads of a process have used of processors; 0 if it is gone."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def _files(pid: int) -> int:
    """How many files there are in the sandbox's /tmp."""
    try:
        found = os.statvfs(f"/proc/{pid}/root/tmp")
    except OSError:
        return 0
    return found.f_files - found.f_ffree
