"""Run what a stranger wrote, and let nothing out of it but data.

    cells = [Cell("ngram-setup", "import numpy as np", trusted=True),
             Cell("ngram-add-k-answer", "def add_k(...): ...", answers=("add_k",))]
    graded = grade(cells, exercises, seed=secrets.randbits(64), limits=NUMPY, slot=0)
    graded.reports["add_k"].state     "passed", ..., "timeout", "killed", "infrastructure"
    graded.isolation                  "bubblewrap-root", "bubblewrap-user" or "none"

One process a submission: `process` starts it and makes sure that it ends, `recipe` and `seccomp`
build the walls, `limits` says how much it may use, `worker` is the program inside, `results` reads
what it says and believes none of it, `grading` lets the judge ask. docs/grading.md has the threats.
"""

from companion.course.sandbox.grading import Cell, Graded, grade
from companion.course.sandbox.limits import KERAS, NUMPY, Limits
from companion.course.sandbox.process import Failure, Process
from companion.course.sandbox.recipe import Isolation, command, level, probe

__all__ = [
    "KERAS",
    "NUMPY",
    "Cell",
    "Failure",
    "Graded",
    "Isolation",
    "Limits",
    "Process",
    "command",
    "grade",
    "level",
    "probe",
]
