"""Execute a notebook as a reader would, top to bottom, and say what it cost.

The kernel is always *this* Python, whatever kernels a user has registered, and its working folder
is the notebook's own. Memory is the largest sum of resident sizes over the kernel's processes,
sampled ten times a second: a page that two of them share counts twice, a peak between two samples
is missed.
"""

import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

MEBIBYTE = 2**20
SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Run:
    """What one execution cost. `seconds` has the import cells in it, `import_seconds` is theirs."""

    path: Path
    seconds: float
    import_seconds: float
    peak_mebibytes: int
    error: str | None  # "cell ngram-zipf: NameError: …", or None
    notebook: Any  # the executed notebook; where `error` is set, only up to the failing cell

    def to_json(self) -> dict[str, Any]:
        """The figures, without the notebook."""
        return {
            "notebook": str(self.path),
            "seconds": round(self.seconds, 2),
            "import_seconds": round(self.import_seconds, 2),
            "peak_mebibytes": self.peak_mebibytes,
            "error": self.error,
        }


class MemoryWatch:
    """Samples the resident memory of a process and its descendants, in a thread of its own."""

    def __init__(self, pid: int):
        import psutil

        self.peak = 0  # bytes
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        import psutil

        while True:
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self.peak = max(self.peak, sum(_resident(p) for p in family))
            except psutil.Error:
                return  # the kernel is gone
            if self._stop.wait(SAMPLE_SECONDS):
                return

    def stop(self) -> int:
        """End the sampling; return the peak in bytes."""
        self._stop.set()
        self._thread.join()
        return self.peak


def _resident(process) -> int:
    """Resident bytes of one process; 0 if it has just ended."""
    import psutil

    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def execute(path: Path, seconds: float = 600) -> Run:
    """Run the notebook at `path`; a cell may take `seconds` at most.

    Raises `ValueError` if the file is not a notebook. An error in a cell is not raised but told in
    `Run.error` (a cell tagged `raises-exception` may raise).
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from companion.course.notebook import load

    path = Path(path)
    load(path)  # says in plain words what is wrong with a file that is no notebook
    book = nbformat.read(path, as_version=4)
    watches: list[MemoryWatch] = []
    client = NotebookClient(
        book,
        km=_kernel_manager(),
        timeout=seconds,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_notebook_start=lambda notebook: watches.append(
            MemoryWatch(client.km.provisioner.pid),
        ),
    )
    error = None
    try:
        with tempfile.TemporaryDirectory() as state:
            # The checks in a notebook that we run are no progress of the person who runs it.
            environment = {**os.environ, "COMPANION_STATE": state}
            # The kernel manager is ours, so its end must be asked for.
            client.execute(cleanup_kc=True, env=environment)
    except CellExecutionError as problem:
        error = f"cell {_failing(book)}: {problem.ename}: {problem.evalue}"
    except CellTimeoutError:
        error = f"a cell ran for more than {seconds:g} s"
    except DeadKernelError:
        error = "the kernel died (out of memory, or the process was killed)"
    peak = max((watch.stop() for watch in watches), default=0)
    spent = [_cell_seconds(cell) for cell in book.cells]
    imports = sum(s for s, cell in zip(spent, book.cells, strict=True) if _only_prepares(cell))
    return Run(path, sum(spent), imports, peak // MEBIBYTE, error, book)


def _kernel_manager():
    """A kernel manager that starts this very Python."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(KernelSpecManager):
        """Knows one kernel, this interpreter, whatever is installed elsewhere on the machine."""

        def get_kernel_spec(self, kernel_name):
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            argv.append("--log-level=ERROR")  # it warns at each start that loopback is readable
            return KernelSpec(argv=argv, display_name="Python", language="python")

    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())


def _failing(book) -> str:
    """The id of the cell whose output is an error."""
    for cell in book.cells:
        if any(output["output_type"] == "error" for output in cell.get("outputs", [])):
            return cell.get("id", "?")
    return "?"


def _only_prepares(cell) -> bool:
    """True for a code cell that opens with an import: its time is the libraries'."""
    first = cell["source"].lstrip().split(maxsplit=1)[:1]
    return cell["cell_type"] == "code" and first in (["import"], ["from"])


def _cell_seconds(cell) -> float:
    """Seconds between "started" and "replied" as the kernel reported them; 0 if it did not run."""
    times = cell["metadata"].pop("execution", {})
    begin, end = times.get("iopub.execute_input"), times.get("shell.execute_reply")
    if begin is None or end is None:
        return 0.0
    return (_moment(end) - _moment(begin)).total_seconds()


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def write_html(run: Run, folder: Path) -> Path:
    """Write the executed notebook as one HTML page into `folder`; return its path."""
    from nbconvert import HTMLExporter

    from companion.cache import atomic_write

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    page, _ = HTMLExporter().from_notebook_node(run.notebook)
    target = folder / f"{run.path.stem}.html"
    with atomic_write(target) as file:
        file.write(page.encode("utf-8"))
    return target
