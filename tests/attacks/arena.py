"""The place where attacks are tried: canaries, a grader, and everything that must still hold after.

    python -m attacks.arena NAME ...      from tests/, as any user; prints one JSON object a line

Canaries of one random word each are planted where an attacker would look: in the environment and
the memory of the grader, in files that everybody may read, behind a TCP port and two unix sockets.
"""

import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from attacks import ATTACKS, Attack
from companion.course import catalogue
from companion.course.chapters import ROOT
from companion.course.report import PASSED
from companion.course.sandbox import NUMPY, Cell, Graded, Limits, grade
from companion.course.sandbox.recipe import PRIVATE_UID

TARGET, NEIGHBOUR = "perplexity", "table_growth"
LIMITS = replace(
    NUMPY, exercise_seconds=2.0, submission_seconds=20.0, data=256 * 2**20, resident=512 * 2**20
)
PLANTED = ("gradebook.sqlite", "solutions.ipynb", "another-submission.ipynb")
SETUP = Cell("setup", "import numpy as np\n\nfrom companion.course import check\n", trusted=True)
HONEST_TARGET = "def perplexity(log_probs):\n    return np.exp(-np.mean(log_probs))\n"
HONEST_NEIGHBOUR = """
def table_growth(words, order):
    ngrams = {tuple(words[i : i + order]) for i in range(len(words) - order + 1)}
    return len(set(words)) ** order, len(ngrams)
"""


@dataclass
class Arena:
    """Canaries, servers and a slot of its own. A context manager."""

    limits: Limits = LIMITS
    slot: int = field(default_factory=lambda: 1000 + os.getpid() % 50000)

    def __enter__(self) -> "Arena":
        self._stack = contextlib.ExitStack()
        self.canary = "CANARY" + secrets.token_hex(12)
        self.before = os.environ.get("COMPANION_CANARY")
        os.environ["COMPANION_CANARY"] = self.canary
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="arena-")))
        folder.chmod(0o755)
        self.places = []
        for name in PLANTED:
            (folder / name).write_text(self.canary)
            (folder / name).chmod(0o666)  # only the sandbox may keep anybody out
            self.places.append(str(folder / name))
        self.places += [str(path) for path in (ROOT / "solutions").glob("*.ipynb")]
        self.places.append(str(ROOT / "companion" / "checks" / "ngram" / "__init__.py"))
        self.socket = str(folder / "socket")
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        for address in (self.socket, "\0companion-canary" + str(self.slot)):
            server = socket.socket(socket.AF_UNIX)
            server.bind(address)
            server.listen()
            self._serve(server)
        os.chmod(self.socket, 0o777)
        self._serve(tcp)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self.before is None:
            del os.environ["COMPANION_CANARY"]
        else:
            os.environ["COMPANION_CANARY"] = self.before

    def _serve(self, server: socket.socket) -> None:
        """Tell the canary to everybody who connects."""
        self._stack.callback(server.close)

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = server.accept()
                    with line:
                        line.sendall(self.canary.encode())

        threading.Thread(target=answer, daemon=True).start()

    def submit(self, code: str) -> Graded:
        """Grade a notebook of this answer and an honest one."""
        exercises = {
            name: exercise
            for name, exercise in catalogue.exercises("ngram").items()
            if name in (TARGET, NEIGHBOUR)
        }
        cells = [
            SETUP,
            Cell("target", code, (TARGET,)),
            Cell("neighbour", HONEST_NEIGHBOUR, (NEIGHBOUR,)),
        ]
        seed = secrets.randbits(64)
        return grade(cells, exercises, seed=seed, limits=self.limits, slot=self.slot)

    def try_out(self, attack: Attack) -> dict[str, object]:
        """Everything that the attack achieved: `complaints` is empty if that is nothing."""
        begin = time.monotonic()
        code = attack.code(
            places=self.places,
            grader=os.getpid(),
            port=self.port,
            socket=self.socket,
            abstract="\0companion-canary" + str(self.slot),
        )
        before = survivors(self.slot)
        graded = self.submit(code)
        left = survivors(self.slot) - before
        report, neighbour = graded.reports[TARGET], graded.reports[NEIGHBOUR]
        said = graded.log + json.dumps([r.to_json() for r in graded.reports.values()])
        found = []
        if report.state not in attack.states:
            found.append(f"its answer is {report.state}: {report.message}")
        if attack.neighbour and neighbour.state != PASSED:
            found.append(f"the honest neighbour is {neighbour.state}: {neighbour.message}")
        if self.canary in said:
            found.append("it told a canary")
        if "GAINED" in graded.log:
            found.append(graded.log[graded.log.index("GAINED") :][:200])
        if any(Path(place).read_text() != self.canary for place in self.places[: len(PLANTED)]):
            found.append("it wrote over a canary")
        if left:
            found.append(f"{len(left)} processes survived")
        honest = self.submit(HONEST_TARGET)
        states = {name: r.state for name, r in honest.reports.items()}
        if set(states.values()) != {PASSED}:
            found.append(f"the next honest submission: {states}")
        return {
            "name": attack.name,
            "isolation": graded.isolation,
            "state": report.state,
            "message": report.message,
            "sandboxes": graded.sandboxes,
            "seconds": round(time.monotonic() - begin, 2),
            "complaints": found,
        }


def survivors(slot: int) -> set[int]:
    """Processes of this slot's user, or in another process namespace under our own user."""
    found = set()
    own, mine = os.stat("/proc/self/ns/pid").st_ino, os.geteuid()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            owner = os.stat(f"/proc/{entry}").st_uid
            ours = owner == mine != 0 and os.stat(f"/proc/{entry}/ns/pid").st_ino != own
            if ours or owner == PRIVATE_UID + slot:
                found.add(int(entry))
    return found


def as_ordinary_user(command: list[str], user: int = 65534) -> list[str]:
    """For root: the command as somebody else.

    Python may be in a folder that is closed to others (`/root`). Then, in a mount namespace of our
    own, an open folder that shows only Python covers it.
    """
    base = Path(sys.base_prefix).resolve()
    closed = [path for path in (base, *base.parents) if not path.stat().st_mode & 0o001]
    cover = ""
    if closed:
        cover = """
        python=$(mktemp -d)
        mount --bind "$1" "$python"
        mount -t tmpfs -o mode=755 cover "$2"
        mkdir -p "$1"
        mount --bind "$python" "$1"
        umount "$python" && rmdir "$python"
        """
    script = f"set -e\n{cover}\nuser=$3; shift 3\n"
    script += 'exec setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"'
    paths = [str(base), str(closed[-1] if closed else base), str(user)]
    private = ["unshare", "--mount", "--propagation", "private"]
    return [*private, "sh", "-c", script, "sh", *paths, *command]


def main() -> None:
    """Try the named attacks, all without names."""
    with Arena() as arena:
        for name in sys.argv[1:] or ATTACKS:
            print(json.dumps(arena.try_out(ATTACKS[name])), flush=True)


if __name__ == "__main__":
    main()
