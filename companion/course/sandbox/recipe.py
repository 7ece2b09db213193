"""The walls: which command line makes them, and the proof that they hold on this machine.

There are two recipes and they must differ. An ordinary user gets a user namespace, and the worker
itself is process 1: otherwise bubblewrap's reaper is, under the same user, and can be looked into.
Root needs no user namespace but drops to a private user, so that the limit on processes binds; the
worker is then not process 1, because changing the user clears the signal that ends it with its
parent, and process 1 is what the grader kills.
"""

import ast
import functools
import json
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import companion
from companion.course.sandbox import seccomp

PRIVATE_UID = 64001  # + slot: owns nothing on this machine, so that slots cannot starve each other
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")  # no program, no shell
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")  # /dev/zero could be mapped as shared memory
CLOSED = ("companion.course", "companion.checks")  # never seen by a submission
PACKAGE = Path(companion.__file__).resolve().parent
WORKER = Path(__file__).with_name("worker.py")
SECONDS = 20
ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
}

# The program that `probe` starts. It tries the two doors to the canaries: the file's path, and
# /proc. It also tells whether the packages can be read, which needs their files' permission.
INSIDE = """
import glob, json, sys
question = json.load(sys.stdin)
found = []
places = [question["file"], *glob.glob("/proc/[0-9]*/environ")]
for place in places:
    try:
        with open(place, "rb") as file:
            if question["canary_tail"].encode() in file.read():
                found.append(place)
    except OSError:
        pass
sys.path += sys.argv[1:]
try:
    import numpy
    fault = None
except Exception as error:
    fault = repr(error)
print(json.dumps({"nonce": question["nonce"], "found": found, "fault": fault}))
"""


@dataclass(frozen=True)
class Isolation:
    """What this machine can promise: a level as `level` names it, or `none`, and the reason."""

    level: str
    detail: str

    @property
    def proven(self) -> bool:
        """True if a sandbox was started and kept its secrets."""
        return self.level != "none"


@dataclass(frozen=True)
class View:
    """What is shown of this machine: (here, there) pairs, bound read-only, and where to import."""

    binds: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]
    paths: tuple[str, ...]


def level() -> str:
    """The recipe for whoever asks: `bubblewrap-root` or `bubblewrap-user`."""
    return "bubblewrap-root" if os.geteuid() == 0 else "bubblewrap-user"


def command(
    program: Sequence[str],
    as_root: bool,
    bwrap: str = "bwrap",
    *,
    view: View | None = None,
    slot: int = 0,
    temporary: int = 2**26,
    options: Sequence[str] = (),
) -> list[str]:
    """The bubblewrap command line around `program`; `options` name file descriptors."""
    view = view or packages()
    line = [bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    line += ["--hostname", "sandbox", *options]
    if as_root:
        line += ["--cap-drop", "ALL"]
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            line += ["--cap-add", capability]
    else:
        line += ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
        line += ["--cap-drop", "ALL", "--as-pid-1"]
    for name, value in ENVIRONMENT.items():
        line += ["--setenv", name, value]
    line += ["--proc", "/proc", "--perms", "0755", "--size", "65536", "--tmpfs", "/dev"]
    for device in DEVICES:
        line += ["--dev-bind", device, device]
    line += ["--remount-ro", "/dev"]
    made: set[Path] = set()
    for here, there in view.binds:
        # bubblewrap would copy the modes of the folders above, and /root or a home may be closed.
        for parent in reversed(Path(there).parents[:-1]):
            if parent not in made and not parent.is_relative_to("/usr"):
                line += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        line += ["--ro-bind-try", here, there]
    for place in view.hidden:
        line += ["--tmpfs", place, "--remount-ro", place]
    line += ["--perms", "1777", "--size", str(temporary), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    line += ["--remount-ro", "/", "--"]  # the root is memory too: nothing may fill it
    if as_root:
        user = str(PRIVATE_UID + slot)
        line += [_setpriv(), f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        line += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
    return [*line, *program]


def packages() -> View:
    """Python, the libraries that it links with, and what is installed, the companion left out."""
    base = Path(sys.base_prefix).resolve()
    binds = [(path, path) for path in SYSTEM]
    own = [str(base / "lib"), os.path.realpath(sys.executable)]
    binds += [(path, path) for path in own if not path.startswith("/usr/lib/")]
    if os.geteuid() == 0:
        binds.append((_setpriv(), _setpriv()))
    paths, hidden = [], []
    for number, key in enumerate(("purelib", "platlib")):
        here = Path(sysconfig.get_path(key)).resolve()
        there = here
        if not any(here.is_relative_to(shown) for _, shown in binds):
            there = Path(f"/packages{number}")
            if str(here) in (bound for bound, _ in binds):
                continue
            binds.append((str(here), str(there)))
        if str(there) in paths:
            continue
        paths.append(str(there))
        if (here / "companion").is_dir():  # an installed copy holds the checks
            hidden.append(str(there / "companion"))
    return View(tuple(binds), tuple(hidden), tuple(paths))


@functools.cache
def course(modules: tuple[str, ...] = ()) -> View:
    """`packages`, the worker, the probes, and the modules that an exercise allows.

    What is installed does not change while a process grades, so it is looked at once.
    """
    view = packages()
    files = ["__init__.py", "probes", *(str(path) for path in visible(modules))]
    binds = [(str(PACKAGE / name), f"/companion/companion/{name}") for name in files]
    binds.append((str(WORKER), "/companion/worker.py"))
    return View((*view.binds, *binds), view.hidden, (*view.paths, "/companion"))


def visible(modules: Iterable[str]) -> list[Path]:
    """The files and folders of these modules and of what they import, relative to the package.

    Raises `ValueError` for a module that does not exist or that no submission may see.
    """
    found: list[Path] = []
    waiting = list(dict.fromkeys(modules))
    seen = set(waiting)
    while waiting:
        name = waiting.pop(0)
        path = _place(name)
        if path is None or name.startswith(CLOSED):
            raise ValueError(f"an exercise allows {name!r}; allow a chapter or a ground module")
        if path not in found:
            found.append(path)
        for other in sorted(_imports(PACKAGE / path) - seen):
            seen.add(other)
            waiting.append(other)
    return found


def _place(name: str) -> Path | None:
    """The file or folder of a top module `companion.x`, for any module inside it."""
    parts = name.split(".")
    if len(parts) < 2 or parts[0] != "companion":
        return None
    for path in (Path(parts[1]), Path(f"{parts[1]}.py")):
        if (PACKAGE / path).exists():
            return path
    return None


def _imports(path: Path) -> set[str]:
    """The modules `companion.x` that a file, or the files in a folder, import anywhere."""
    names = set()
    for file in path.rglob("*.py") if path.is_dir() else [path]:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module == "companion":
                names |= {f"companion.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    tops = {".".join(name.split(".")[:2]) for name in names if name.startswith("companion.")}
    return {name for name in tops if _place(name)}


def _setpriv() -> str:
    return shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin") or "setpriv"


@contextmanager
def readable(data: bytes) -> Iterator[int]:
    """A file descriptor from which another process reads `data` (less than a pipe holds)."""
    read, write = os.pipe()
    try:
        with open(write, "wb") as file:
            file.write(data)
        yield read
    finally:
        os.close(read)


def probe(bwrap: str | None = None) -> Isolation:
    """Start a sandbox that must return a nonce and must fail to read the canaries."""
    if not sys.platform.startswith("linux"):
        return Isolation("none", f"no sandbox is known for {sys.platform}")
    bwrap = bwrap or shutil.which("bwrap")
    if bwrap is None:
        return Isolation("none", "bubblewrap (bwrap) is not installed")
    nonce, canary = secrets.token_hex(16), secrets.token_hex(16)
    view = packages()
    program = [os.path.realpath(sys.executable), "-I", "-S", "-c", INSIDE, *view.paths]
    try:
        rules = seccomp.program()
    except ValueError as problem:
        return Isolation("none", str(problem))
    with tempfile.TemporaryDirectory() as folder, readable(rules) as filter_fd:
        secret = Path(folder) / "canary"
        secret.write_text(canary)
        Path(folder).chmod(0o755)  # readable for everybody: only the sandbox may keep it out
        secret.chmod(0o644)
        # The canary's second half alone is looked for, so the question is not itself the canary.
        question = {"nonce": nonce, "file": str(secret), "canary_tail": canary[16:]}
        options = ["--seccomp", str(filter_fd)]
        try:
            done = subprocess.run(
                command(program, os.geteuid() == 0, bwrap, view=view, options=options),
                input=json.dumps(question),
                env={"COMPANION_CANARY": canary, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
                pass_fds=(filter_fd,),
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return Isolation("none", f"the sandbox did not start: {problem}")
    return _verdict(done, nonce)


def _verdict(done: subprocess.CompletedProcess, nonce: str) -> Isolation:
    """Judge what came out of the sandbox; anything but nonce and no canary is `none`."""
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, no output"]
        return Isolation("none", f"the sandbox did not start: {lines[-1]}")
    if not isinstance(answer, dict) or answer.get("nonce") != nonce:
        return Isolation("none", "the sandbox did not bring back its nonce")
    if answer.get("found") != []:
        return Isolation("none", f"the sandbox leaks: it read a canary in {answer.get('found')}")
    if answer.get("fault"):
        return Isolation("none", f"the packages cannot be read in a sandbox: {answer['fault']}")
    return Isolation(level(), "started, brought back a nonce, could not read two canaries")
