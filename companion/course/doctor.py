"""Is this machine ready for the course? Every finding says what to do about it.

Nothing here imports Keras or TensorFlow unless `deep` asks for it: a doctor who needs half a minute
to look at the patient is not called.
"""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from companion.course.chapters import CHAPTERS, ROOT

GIBIBYTE = 2**30
MEMORY_NEEDED = 2.5  # GiB; no chapter needs more
DISK_NEEDED = 1.0  # GiB for corpora and checkpoints
SUPPORTED = ((3, 11), (3, 13))


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is "ok", "warning" (something is not possible) or "problem"."""

    name: str
    state: str
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """The finding as data."""
        return asdict(self)


def examine(deep: bool = False) -> list[Finding]:
    """All findings, in the order in which they are worth reading."""
    findings = [python(), *packages(), kernel(), devices(), memory(), disk(), *data(), isolation()]
    return [*findings, backend()] if deep else findings


def python(version: tuple[int, int] | None = None) -> Finding:
    """This Python against the range that TensorFlow has wheels for."""
    version = version or sys.version_info[:2]
    low, high = SUPPORTED
    detail = f"{version[0]}.{version[1]} at {sys.executable}"
    if low <= version <= high:
        return Finding("python", "ok", detail)
    return Finding(
        "python",
        "problem",
        detail,
        f"TensorFlow needs Python {low[0]}.{low[1]} to {high[0]}.{high[1]}: install one of them, "
        "remove .venv and run `make learn` again",
    )


def packages(lines: list[str] | None = None) -> Iterator[Finding]:
    """What is installed against requirements.txt; one line if all is well."""
    requirements = list(_requirements(lines))
    wrong = []
    for requirement in requirements:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append((requirement, "not installed"))
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append((requirement, f"{version} is installed, {requirement.specifier} needed"))
    for requirement, detail in wrong:
        yield Finding(
            f"package {requirement.name}",
            "problem",
            detail,
            f"{sys.executable} -m pip install '{requirement.name}{requirement.specifier}'",
        )
    if not wrong:
        yield Finding("packages", "ok", f"{len(requirements)} packages as requirements.txt asks")


def _requirements(lines: list[str] | None):
    """The requirements that apply to this machine, parsed."""
    from packaging.requirements import Requirement

    if lines is None:
        file = ROOT / "requirements.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        text = line.split("#")[0].strip()
        if text:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement


def kernel() -> Finding:
    """The kernel that Jupyter starts for our notebooks must be this Python."""
    remedy = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return Finding("jupyter kernel", "problem", "jupyter is not installed", "run `make learn`")
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("jupyter kernel", "problem", "no kernel called python3", remedy)
    if command in ("python", "python3"):  # Jupyter takes its own Python for these words
        return Finding("jupyter kernel", "ok", sys.executable)
    found = shutil.which(command) or command
    if _same_environment(found):
        return Finding("jupyter kernel", "ok", found)
    return Finding("jupyter kernel", "warning", f"python3 starts another Python, {found}", remedy)


def _same_environment(executable: str) -> bool:
    """True if both executables sit in one folder (`python` and `python3` are one program there)."""
    return os.path.dirname(os.path.abspath(executable)) == os.path.dirname(
        os.path.abspath(sys.executable)
    )


def devices() -> Finding:
    """Processors, and a GPU if the driver reports one."""
    cores = os.cpu_count() or 1
    cpu = f"{cores} processor{'s' if cores > 1 else ''}"
    tool = shutil.which("nvidia-smi")
    listed = ""
    if tool:
        try:
            done = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=10)
            listed = done.stdout.strip() if done.returncode == 0 else ""
        except (OSError, subprocess.TimeoutExpired):
            listed = ""
    if not listed:
        return Finding("devices", "ok", f"{cpu}, no GPU (none is needed)")
    first = listed.splitlines()[0].split(" (UUID")[0]
    return Finding(
        "devices",
        "ok",
        f"{cpu}; {first}",
        "`companion doctor --deep` tells whether Keras sees it; if not, install "
        "requirements-gpu.txt",
    )


def memory(available: int | None = None) -> Finding:
    """Memory that a chapter can have now, in bytes."""
    import psutil

    available = psutil.virtual_memory().available if available is None else available
    detail = f"{available / GIBIBYTE:.1f} GiB free"
    if available >= MEMORY_NEEDED * GIBIBYTE:
        return Finding("memory", "ok", detail)
    remedy = f"a chapter needs up to {MEMORY_NEEDED} GiB: close other programs and idle kernels"
    return Finding("memory", "warning", detail, remedy)


def disk(root: Path | None = None, free: int | None = None) -> Finding:
    """Room, and the right to write, where corpora are kept."""
    from companion import cache

    try:
        root = Path(root) if root is not None else cache.root()
        root.mkdir(parents=True, exist_ok=True)
        with cache.atomic_write(root / ".doctor") as file:
            file.write(b"")
        (root / ".doctor").unlink()
    except OSError as problem:
        remedy = "set COMPANION_DATA to a folder that you may write to"
        return Finding("disk", "problem", f"cannot write to {root}: {problem.strerror}", remedy)
    free = shutil.disk_usage(root).free if free is None else free
    detail = f"{free / GIBIBYTE:.1f} GiB free at {root}"
    if free >= DISK_NEEDED * GIBIBYTE:
        return Finding("disk", "ok", detail)
    remedy = f"{DISK_NEEDED:g} GiB is needed: make room, or set COMPANION_DATA to another disk"
    return Finding("disk", "warning", detail, remedy)


def data() -> Iterator[Finding]:
    """The corpora that the chapters read."""
    from companion import corpora

    needed = list(dict.fromkeys(name for chapter in CHAPTERS for name in chapter.corpora))
    missing = [name for name in needed if not corpora.is_cached(name)]
    if missing:
        yield Finding(
            "data",
            "warning",
            f"not fetched yet: {', '.join(missing)} (chapters run on synthetic text without them)",
            f"companion data fetch {' '.join(missing)}",
        )
    else:
        yield Finding("data", "ok", f"{', '.join(needed)} cached")


def isolation() -> Finding:
    """Can a stranger's submission be run here without being trusted? A sandbox is tried."""
    from companion.course.sandbox import probe

    found = probe()
    if found.proven:
        return Finding("sandbox", "ok", f"{found.level}: {found.detail}")
    return Finding(
        "sandbox",
        "warning",
        found.detail,
        "only grading needs it: on Debian or Ubuntu, `apt-get install bubblewrap`, and allow user "
        "namespaces",
    )


def backend() -> Finding:
    """Import Keras and say which device, precision and compiler it uses (seconds, not tenths)."""
    try:
        from companion import backend as engine

        told = ", ".join(f"{key} {value}" for key, value in engine.describe().items())
        return Finding("backend", "ok", told)
    except Exception as problem:
        return Finding("backend", "problem", f"{type(problem).__name__}: {problem}", "`make learn`")
