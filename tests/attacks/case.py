"""What an attack is, and what its author is given.

The attacker knows everything that an insider could: where the canaries are, the grader's process,
the loopback port, the probe, the worker's source. What runs before each attack:

    tell(data)     show the grader something that was read; the test looks for the canary in it
    gained(what)   say that something worked which never should; the test fails on that alone
"""

from dataclasses import dataclass

STOPPED = frozenset({"killed", "timeout"})
WRONG = frozenset({"failed", "error", "not attempted"})
ANY = STOPPED | WRONG  # but never passed, and never the grader's own `infrastructure`

PREAMBLE = """
import ctypes, os, sys, time

PLACES = {places!r}
GRADER = {grader!r}
PORT = {port!r}
SOCKET, ABSTRACT = {socket!r}, {abstract!r}
libc = ctypes.CDLL(None, use_errno=True)


def tell(data):
    os.write(2, (data if isinstance(data, bytes) else str(data).encode()) + b"\\n")


def gained(what):
    tell("GAI" + "NED " + what)


"""


@dataclass(frozen=True)
class Attack:
    """`source` is the answer's cell; `states` are the verdicts that are right for it.

    `neighbour`: an honest answer in the same notebook must still pass.
    answer is right and the attack a side effect, so that `passed` is its due.
    """

    name: str
    source: str
    states: frozenset[str] = ANY
    neighbour: bool = True
    fast: bool = False  # run with every `make test`

    def code(self, **arena: object) -> str:
        """The cell, with what its author is given."""
        return PREAMBLE.format(**arena) + self.source
