"""nbgrader in an environment of its own, on the same notebooks: its time, and what gets past it.

Not a dependency: the environment is made in a temporary folder and thrown away. nbgrader runs each
notebook, tests included, in the student's kernel, with the instructor's rights; what that means is
shown by a few short attacks, whose authors have answered nothing and deserve no point.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-7f3a91"
NEEDS = ("nbgrader", "ipykernel", "numpy", "filelock", "platformdirs")

LEAK = "\nprint(found)\nraise RuntimeError(found)"

# What stands in the answer cell of the first exercise; all others are left as they were given.
ATTACKS = {
    "judge replaced": """
from dataclasses import replace
import companion.course.face as face
_judge = face.judge
face.judge = lambda *a: replace(_judge(*a), state="passed")
""",
    "check replaced": """
import companion.course.face as face
face.check = lambda *a: type("Report", (), {"passed": True})()
""",
    "asserts taken out": """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(NoAsserts())
""",
    "references fetched": """
from companion.course import catalogue
globals().update({n: e.reference for n, e in catalogue.exercises("ngram").items()})
""",
    "environment read": f"""
import os
found = os.environ.get("BENCH_CANARY", "nothing"){LEAK}
""",
    "another's notebook read": f"""
import glob, os
places = [os.path.join(up, "**", "honest00", "**", "*.ipynb")
          for up in ("..", "../..", "../../..", os.environ.get("BENCH_COURSE", "/nowhere"))]
texts = [open(p).read() for place in places for p in glob.glob(place, recursive=True)]
found = "{CANARY[:6]}" + "{CANARY[6:]}" if any("honest-" + "mark" in t for t in texts) else "-"
{LEAK}
""",
    "process left behind": """
import subprocess
subprocess.Popen(["sleep", "86399.25"], start_new_session=True)
""",
}


def environment(folder: Path) -> Path:
    """A virtual environment with nbgrader, and with this repository to import; its `bin`."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    tools = folder / "bin"
    pip = [tools / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *NEEDS], check=True)
    return tools


def prepare(course: Path, tools: Path, source: str, submissions: dict[str, dict]) -> None:
    """An nbgrader course with one assignment and these notebooks, handed in."""
    given = course / "source" / "ngram" / "01_ngram.ipynb"
    given.parent.mkdir(parents=True)
    given.write_text(source, encoding="utf-8")
    nbgrader(tools, course, "generate_assignment", "ngram")
    for student, made in submissions.items():
        path = course / "submitted" / student / "ngram" / "01_ngram.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(made), encoding="utf-8")


def nbgrader(tools: Path, course: Path, *words: str) -> None:
    """Run one of nbgrader's commands; a notebook that fails in it does not stop it."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "BENCH_CANARY": CANARY}
    surroundings |= {"BENCH_COURSE": str(course), "COMPANION_STATE": str(course / "state")}
    surroundings["PATH"] = f"{tools}{os.pathsep}{surroundings['PATH']}"
    surroundings["JUPYTER_PATH"] = str(tools.parent / "share" / "jupyter")
    command = [tools / "python", "-m", "nbgrader", *words]  # the course is the folder it runs in
    done = subprocess.run(
        command, cwd=course, env=surroundings, capture_output=True, text=True, errors="replace"
    )
    (course / f"{words[0]}.log").write_text(done.stdout + done.stderr, encoding="utf-8")


def scores(course: Path, tools: Path) -> dict[str, float]:
    """{student: points} as nbgrader exports them."""
    nbgrader(tools, course, "export")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def leaked(folder: Path, student: str) -> bool:
    """True if the canary came out in anything that the grader wrote of this student."""
    files = [p for p in folder.rglob("*") if p.is_file() and student in str(p)]
    return any(CANARY.encode() in path.read_bytes() for path in files)


def survivors() -> list[int]:
    """Processes that an attack left behind; they are ended."""
    import psutil

    found = [p for p in psutil.process_iter(["cmdline"]) if "86399.25" in (p.info["cmdline"] or [])]
    for process in found:
        process.kill()
    return [process.pid for process in found]
