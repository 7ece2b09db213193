"""A chapter of three exercises, `toy`, for the tests of the engine; it stands on nothing real."""

import json
import sys
from types import SimpleNamespace

import numpy as np

from companion.course import chapters
from companion.course.exercise import Exercise, Mistake, Relation
from companion.course.notebook import normalise
from companion.course.release import release


def softmax_right(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_overflow(x):
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def softmax_whole(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def softmax_mutating(x):
    x -= x.max(axis=-1, keepdims=True)
    return softmax_right(x)


def center_right(x):
    return [value - sum(x) / len(x) for value in x]


def center_starter(x):
    return [value - max(x) for value in x]


def probs(answer, case):
    return {"probs": answer(**case)}


def softmax_cases(rng, size):
    scale = 1 if size < 5 else 2000  # exp(2000) is infinite: the regime of `overflow`
    return {"x": scale * rng.normal(size=(1 + size % 3, 2 + size))}


softmax = Exercise(
    name="softmax",
    kind="implement",
    title="Softmax",
    minutes=15,
    difficulty=1,
    cases=softmax_cases,
    probe=probs,
    reference=softmax_right,
    relations=[
        Relation(
            "shift",
            lambda case, rng: {"x": case["x"] + 3.0},
            lambda out, moved: np.allclose(out["probs"], moved["probs"]),
            "Adding one number to all scores must change nothing.",
        )
    ],
    mistakes=[
        Mistake("no-exp", lambda x: x / x.sum(axis=-1, keepdims=True), "Exponentiate first."),
        Mistake("overflow", softmax_overflow, "Subtract the maximum before the exponential."),
        Mistake("whole-array", softmax_whole, "Normalise each row by itself."),
    ],
    hints=["It is a distribution.", "One sum for each row.", "Divide by the row's sum."],
)

mean_by_hand = Exercise(
    name="mean_by_hand",
    kind="predict",
    title="The mean of 1, 2 and 6",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    probe=lambda answer, case: {"value": float(answer)},
    reference=3.0,  # (1 + 2 + 6) / 3
    mistakes=[
        Mistake("median", 2, "That is the median."),
        Mistake("sum", 9, "That is the sum; divide it."),
        Mistake("divides-by-two", 4.5, "There are three numbers."),
    ],
    hints=["An average.", "A sum over a count.", "The count is three."],
)

center = Exercise(
    name="center",
    kind="debug",
    title="Subtract the mean",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {"x": [float(v) for v in rng.normal(size=2 + size)]},
    probe=probs,
    reference=center_right,
    starter=center_starter,
    mistakes=[
        Mistake("minimum", lambda x: [v - min(x) for v in x], "Not the minimum: the mean."),
        Mistake("sum", lambda x: [v - sum(x) for v in x], "Divide the sum by the length."),
        Mistake("added", lambda x: [v + sum(x) / len(x) for v in x], "Subtract it."),
    ],
    hints=["What should the result sum to?", "Print the sum.", "Look at max."],
)

EXERCISES = (softmax, mean_by_hand, center)

SETUP = "import numpy as np\n\nfrom companion.course import check"
SOFTMAX = """def softmax(x):
    ### BEGIN SOLUTION
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    ### END SOLUTION"""
MEAN = "### BEGIN SOLUTION\nmean_by_hand = 3\n### END SOLUTION"
CENTER = """### BEGIN SOLUTION
def center(x):
    return [value - sum(x) / len(x) for value in x]


### END SOLUTION
### BEGIN STARTER
# def center(x):
#     return [value - max(x) for value in x]
### END STARTER"""


def code(ident, text, name=None, role=None):
    cell = {"cell_type": "code", "id": ident, "metadata": {}, "source": text}
    cell |= {"execution_count": 7, "outputs": []}
    if role:
        cell["metadata"] = {"exercise": {"name": name, "role": role}}
    return cell


def markdown(ident, text):
    return {"cell_type": "markdown", "id": ident, "metadata": {}, "source": text}


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def solution():
    cells = [markdown("toy-title", "# Toy"), code("toy-setup", SETUP, None, "setup")]
    for name, text in (("softmax", SOFTMAX), ("mean_by_hand", MEAN), ("center", CENTER)):
        stem = name.replace("_", "-")
        cells.append(code(f"toy-{stem}", text, name, "answer"))
        cells.append(code(f"toy-{stem}-check", f'check("{name}")', name, "check"))
    return notebook(*cells)


def with_answers(**answers):
    """The solution notebook with other answers in it."""
    made = solution()
    for cell in made["cells"]:
        mark = cell["metadata"].get("exercise", {})
        if mark.get("role") == "answer" and mark["name"] in answers:
            cell["source"] = answers[mark["name"]]
    return made


def install(monkeypatch, folder, exercises=EXERCISES):
    """Make `toy` the only chapter, with its solution and its exercise notebook in `folder`."""
    chapter = chapters.Chapter(1, "toy", "A toy", 1)
    monkeypatch.setattr(chapters, "CHAPTERS", (chapter,))
    monkeypatch.setattr(chapters, "ROOT", folder)
    monkeypatch.setenv("COMPANION_STATE", str(folder / "state"))
    module = SimpleNamespace(EXERCISES=tuple(exercises))
    monkeypatch.setitem(sys.modules, "companion.checks.toy", module)
    for part in ("solutions", "exercises"):
        (folder / part).mkdir()
    chapter.solutions.write_text(normalise(solution()), encoding="utf-8")
    chapter.exercises.write_text(release(chapter), encoding="utf-8")
    return chapter


def save(path, made):
    path.write_text(json.dumps(made), encoding="utf-8")
    return path
