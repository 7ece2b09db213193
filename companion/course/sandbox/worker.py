"""The program inside the sandbox: it runs cells and probes as it is told, one line at a time.

It is started by path, sees only Python, third-party packages, `companion.probes` and what an
exercise allows, and decides nothing. Whatever a submission does to this process, the grader reads
data that it does not trust. Requests come on stdin, answers go to what was stdout; both are moved
out of the way before any code of a learner runs.

    start  {"token", "limits": {...}}                                 -> {"token"}
    cell   {"token", "cell": {"name", "code", "answers"}}             -> {"token", "fault", "found"}
    calls  {"token", "exercise", "probe": "module:function", "cases"} -> {"token", "outcomes"}
    settle {"token"}                                                  -> {"token"}
"""

import gc
import importlib
import json
import os
import sys
import types

ABSENT = object()
RESOURCES = {  # a field of Limits -> the limit that the kernel keeps
    "cpu_seconds": "RLIMIT_CPU",
    "data": "RLIMIT_DATA",
    "address_space": "RLIMIT_AS",
    "file_size": "RLIMIT_FSIZE",
    "open_files": "RLIMIT_NOFILE",
    "processes": "RLIMIT_NPROC",
}
NONE_OF = ("RLIMIT_CORE", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO")


def set_limits(limits: dict) -> None:
    """Hard limits, which nothing in here can raise again. Windows has none."""
    try:
        import resource
    except ImportError:
        return
    wanted = {RESOURCES[field]: limits[field] for field in RESOURCES if limits[field]}
    wanted |= dict.fromkeys(NONE_OF, 0)
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


def preload(modules: list, without: list) -> None:
    """Import the modules as if those of `without` were not installed."""
    for name in without:
        sys.modules[name] = None
    for name in modules:
        importlib.import_module(name)
    for name in without:
        del sys.modules[name]


def stand_in_for_the_course() -> None:
    """`from companion.course import check` is in every notebook; in here it does nothing."""
    course = types.ModuleType("companion.course")
    course.check = lambda *names, **options: None
    sys.modules["companion.course"] = course


class Worker:
    """The namespace of one submission, and each answer as it was after its own cell."""

    def __init__(self, requests, answers):
        from companion import probes
        from companion.probes import cells, wire

        self.probes, self.cells, self.wire = probes, cells, wire
        self.requests, self.answers = requests, answers
        self.namespace = cells.fresh_namespace()
        self.found: dict = {}  # exercise -> its answer
        self.defined: set = set()  # names that the learner's cells have bound

    def serve(self) -> None:
        """Answer until the grader closes the pipe."""
        for line in self.requests:
            request = json.loads(line)
            if "cell" in request:
                answer = self.run_cell(request)
            else:
                answer = self.calls(request) if "exercise" in request else {}
            self.say({"token": request["token"], **answer})

    def say(self, answer: dict) -> None:
        """One line; written at once, so that nothing of it stays behind in a buffer."""
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(self.answers, data) :]

    def run_cell(self, request: dict) -> dict:
        """Run a cell, and keep the answers that it gives. A failed cell leaves no older answer."""
        cell = request["cell"]
        names = cell["answers"]
        before = {name: self.namespace.get(name, ABSENT) for name in names}
        known = set(self.namespace)
        fault = self.cells.run_cell(cell["code"], f"<{cell['name']}>", self.namespace)
        self.defined |= set(self.namespace) - known
        for name in names:
            after = self.namespace.get(name, ABSENT)
            self.found.pop(name, None)
            if after is not ABSENT and not (fault and after is before[name]):
                self.found[name] = after
        return {"fault": fault, "found": [name for name in names if name in self.found]}

    def calls(self, request: dict) -> dict:
        """Run one probe on one answer, case by case."""
        name, cases = request["exercise"], request["cases"]
        if name not in self.found:
            return {"outcomes": [self.probes.absent(name, self.defined - {name})] * len(cases)}
        module, function = request["probe"].split(":")
        probe = getattr(importlib.import_module(module), function)
        return {"outcomes": [self.call(probe, self.found[name], case) for case in cases]}

    def call(self, probe, answer, case) -> dict:
        """What one call gives: plain data, or an exception as data."""
        outcome = self.probes.run(probe, answer, self.wire.decode(case))
        outputs = outcome["outputs"]
        if outputs is not None:
            try:
                outcome["outputs"] = {key: self.wire.encode(v) for key, v in outputs.items()}
                json.dumps(outcome["outputs"])  # integers have a greatest length
            except ValueError as error:
                outcome |= {"outputs": None, "error": self.probes.fault(error)}
        return outcome


def main() -> None:
    """Take the pipes away from stdin and stdout, set the limits, say that we are ready, serve.

    The arguments are the folders to import from; nothing but Python's own is imported before.
    """
    sys.path += sys.argv[1:]
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # prints go to the log
    start = json.loads(requests.readline())
    set_limits(start["limits"])
    gc.disable()  # imports leave nothing to collect, and looking for it takes time
    preload(start["limits"]["preload"], start["limits"]["without"])
    stand_in_for_the_course()
    worker = Worker(requests, answers)
    gc.freeze()
    gc.enable()
    worker.say({"token": start["token"]})
    worker.serve()
    os._exit(0)  # no learner's atexit


if __name__ == "__main__":
    main()
