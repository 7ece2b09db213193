"""The judge: the learner's outcomes against the reference's, and against every known mistake.

`judge(exercise, apply, seed)` is pure. `apply(cases)` is the only door to the learner's code and
gives for each case an outcome as `companion.probes.run` makes it: plain data, whether it came from
this process or from a sandbox. The verdict is computed here, from that data, and nowhere else.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from companion import probes
from companion.course import wording
from companion.course.exercise import Case, Exercise, Mistake, Relation
from companion.course.report import ERROR, FAILED, NOT_ATTEMPTED, PASSED, Report
from companion.course.values import describe, describe_case, difference

Apply = Callable[[Sequence[Case]], list[probes.Outcome]]

SEED = 0  # what a learner's own checks use, so that a verdict does not change between two runs
CALLABLE = ("function", "class")


def judge(exercise: Exercise, apply: Apply, seed: int = SEED) -> Report:
    """The report on one answer.

    The cases depend on the seed only. A mistake is named if and only if its outcome agrees with
    the learner's in every case, those that are right included.
    """
    cases = draw(exercise, seed)
    got = apply(cases)

    def report(state: str, **more: Any) -> Report:
        return Report(
            exercise=exercise.name,
            title=exercise.title,
            state=state,
            cases=len(cases),
            seed=seed,
            definition=exercise.fingerprint(),
            **more,
        )

    unfit = _not_an_answer(exercise, got)
    if unfit:
        return report(unfit[0], message=unfit[1])
    wanted = outcomes(exercise, exercise.reference, cases)
    pairs = list(zip(wanted, got, strict=True))
    wrong = [i for i, pair in enumerate(pairs) if _is_wrong(*pair, exercise.tolerance)]
    if wrong and exercise.starter is not None:
        given = outcomes(exercise, exercise.starter, cases)
        if all(map(_untouched, given, got, [exercise.tolerance] * len(cases))):
            return report(NOT_ATTEMPTED, message=wording.STARTER)
    named = explanations(exercise, cases, got) if wrong else []
    if named:
        names = tuple(mistake.name for mistake in named)
        message = wording.several(names) if len(names) > 1 else ""
        found = {"mistake": names[0], "hint": named[0].hint, "candidates": names}
        return report(FAILED, message=message, **found)
    if any(g["mutated"] and not w["mutated"] for w, g in pairs):
        found = {"mistake": wording.MUTATES, "candidates": (wording.MUTATES,)}
        return report(FAILED, hint=wording.MUTATES_HINT, **found)
    violated = _violated(exercise, apply, cases, got, seed)
    if wrong:
        i = wrong[0]
        return report(**_first_difference(exercise, cases[i], wanted[i], got[i], violated))
    if violated:
        details = (("broken rule", violated.name),)
        return report(FAILED, hint=violated.hint, details=details)
    return report(PASSED, message=wording.passed(len(cases)))


def draw(exercise: Exercise, seed: int) -> list[Case]:
    """The cases of a seed, small ones first; each has a generator of its own."""
    return [
        exercise.cases(np.random.default_rng([seed, size]), size) for size in range(exercise.sizes)
    ]


def local_apply(exercise: Exercise, answer: Any) -> Apply:
    """The door to an answer that lives in this process."""
    return lambda cases: outcomes(exercise, answer, cases)


def absent_apply(exercise: Exercise, names: Iterable[str] = ()) -> Apply:
    """The door to an answer that is not there; `names` are those that the learner has defined."""
    outcome = probes.absent(exercise.name, names)
    return lambda cases: [outcome for _ in cases]


def outcomes(exercise: Exercise, answer: Any, cases: Iterable[Case]) -> list[probes.Outcome]:
    """What an answer that lives in this process gives in every case."""
    return [probes.run(exercise.probe, answer, case) for case in cases]


def same(one: probes.Outcome, other: probes.Outcome, tolerance: float) -> bool:
    """Equal outputs within the tolerance, or exceptions of one type; and equally mutating."""
    return one["mutated"] == other["mutated"] and _compare(one, other, tolerance) is None


def _untouched(given: probes.Outcome, got: probes.Outcome, tolerance: float) -> bool:
    """The same as the broken code that was given, in what an exception says too.

    Another name that nobody imported is another error, and the learner's own.
    """
    says = [outcome["error"] and outcome["error"]["message"] for outcome in (given, got)]
    return says[0] == says[1] and same(given, got, tolerance)


def _is_wrong(wanted: probes.Outcome, got: probes.Outcome, tolerance: float) -> bool:
    mutates = got["mutated"] and not wanted["mutated"]
    return mutates or _compare(wanted, got, tolerance) is not None


def explanations(exercise: Exercise, cases: list[Case], got: list[probes.Outcome]) -> list[Mistake]:
    """The mistakes that agree with the learner in every case; more than one: the cases are weak."""
    found = []
    for mistake in exercise.mistakes:
        if all(
            same(probes.run(exercise.probe, mistake.variant, case), outcome, exercise.tolerance)
            for case, outcome in zip(cases, got, strict=True)
        ):
            found.append(mistake)
    return found


def _compare(
    wanted: probes.Outcome, got: probes.Outcome, tolerance: float
) -> tuple[str, str] | None:
    """None if they agree, else (what differs, in which output)."""
    if wanted["error"] or got["error"]:
        types = [outcome["error"] and outcome["error"]["type"] for outcome in (wanted, got)]
        return None if types[0] == types[1] else ("error", "")
    if set(wanted["outputs"]) != set(got["outputs"]):
        return ("kind", ", ".join(set(wanted["outputs"]) ^ set(got["outputs"])))
    for name, value in wanted["outputs"].items():
        reason = difference(value, got["outputs"][name], tolerance)
        if reason:
            return (reason, name)
    return None


def _not_an_answer(exercise: Exercise, got: list[probes.Outcome]) -> tuple[str, str] | None:
    """State and message of an answer that is missing, still the stub, or of another kind."""
    kind, wanted = got[0]["kind"], probes.kind(exercise.reference)
    if kind == "missing":
        return NOT_ATTEMPTED, wording.missing(exercise.name, got[0].get("similar", ()))
    if kind in ("ellipsis", "nothing"):
        return NOT_ATTEMPTED, wording.empty(exercise.name)
    if all(g["error"] and g["error"]["type"] == "NotImplementedError" for g in got):
        return NOT_ATTEMPTED, wording.STUB
    if wanted in CALLABLE or kind in CALLABLE:
        fits = (wanted in CALLABLE) == (kind in CALLABLE)
    else:
        fits = kind == wanted or {kind, wanted} <= {"array", "list"}
    return None if fits else (FAILED, wording.wrong_kind(exercise.name, kind, wanted))


def _violated(
    exercise: Exercise, apply: Apply, cases: list[Case], got: list[probes.Outcome], seed: int
) -> Relation | None:
    """The first relation that does not hold between the learner's own outputs."""
    for number, relation in enumerate(exercise.relations):
        begun, derived = [], []
        for size, (case, outcome) in enumerate(zip(cases, got, strict=True)):
            if not outcome["error"]:
                rng = np.random.default_rng([seed, size, number])
                begun.append(outcome["outputs"])
                derived.append(relation.derive(probes.private_copy(case), rng))
        for before, after in zip(begun, apply(derived), strict=True):
            if after["error"] or not _holds(relation, before, after["outputs"]):
                return relation
    return None


def _holds(relation: Relation, output: dict, derived: dict) -> bool:
    """A relation that cannot even be computed on these outputs does not hold."""
    try:
        with probes.quiet():
            return bool(relation.holds(output, derived))
    except Exception:
        return False


def _first_difference(
    exercise: Exercise,
    case: Case,
    wanted: probes.Outcome,
    got: probes.Outcome,
    violated: Relation | None,
) -> dict[str, Any]:
    """The report's fields for a wrong answer that no mistake explains."""
    hint = violated.hint if violated else None
    if not callable(exercise.reference) and got["error"] is None:
        return {"state": FAILED, "message": _nudge(wanted, got, exercise.tolerance), "hint": hint}
    shown = [("in this case", describe_case(case))]
    if wanted["error"]:
        name = wanted["error"]["type"]
        say = wording.other_error(got["error"], name) if got["error"] else wording.no_error(name)
        return {"state": FAILED, "message": say, "hint": hint, "details": tuple(shown)}
    if got["error"]:
        return {
            "state": ERROR,
            "message": wording.exception(got["error"]),
            "hint": wording.remedy(got["error"]),
            "error": got["error"],
            "details": tuple(shown) if callable(exercise.reference) else (),
        }
    reason, name = _compare(wanted, got, exercise.tolerance)
    value = got["outputs"].get(name)
    shown.append(("your answer gives", describe(value)))
    if exercise.kind != "predict":
        shown.append(("wanted", describe(wanted["outputs"].get(name))))
    message = f"{wording.UNNAMED} {wording.mismatch(reason, name)}"
    return {"state": FAILED, "message": message, "hint": hint, "details": tuple(shown)}


def _nudge(wanted: probes.Outcome, got: probes.Outcome, tolerance: float) -> str:
    """Too high, too low, or only wrong: never the value itself."""
    _, name = _compare(wanted, got, tolerance)
    pair = wanted["outputs"].get(name), got["outputs"].get(name)
    if all(type(v) is int or (type(v) is float and np.isfinite(v)) for v in pair):
        return wording.LOW if pair[1] < pair[0] else wording.HIGH
    return wording.HIDDEN
