"""What runs leave behind: a file a run, and a card that is made anew from all of them.

Each file is written whole or not at all and belongs to one digest of task and method: runs of other
seeds and methods add up, those of other settings do not count. The card (JSON, and a README for
people) compares methods on the same test items.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion import cache

from .base import Run, Task

_CARD = "card.json"
PLACE = "finetuned"  # a folder beside the checkpoints, so that no card is taken for weights


def own(name: str) -> Path:
    """Where the results of this machine are kept."""
    from companion import checkpoints

    return checkpoints.own() / PLACE / name


def find(name: str) -> Path | None:
    """The folder of a task's results, one's own or else the committed one; None without either."""
    from companion import checkpoints

    for folder in (own(name), checkpoints.COMMITTED / PLACE / name):
        if (folder / checkpoints.CARD).is_file():
            return folder
    return None


def supersedes(folder: Path, name: str) -> bool:
    """True if the results in the folder are read in place of the task's committed ones."""
    from companion import checkpoints

    committed = checkpoints.COMMITTED / PLACE / name
    return folder == own(name) and (committed / checkpoints.CARD).is_file()


def path_of(folder: Path, run: Run) -> Path:
    """The file of one run."""
    return folder / "runs" / f"{run.label}.json"


def read(folder: Path, task: Task, run: Run) -> dict[str, Any] | None:
    """What a run left, if it was one of this task with these settings."""
    return _loaded(path_of(folder, run), task)


def _loaded(path: Path, task: Task) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None  # never run, or damaged: it is run again
    method = content.get("method")
    return content if content.get("digest") == task.digest(method) else None


def write(folder: Path, run: Run, content: Mapping[str, Any]) -> None:
    """Keep what a run found."""
    with cache.atomic_write(path_of(folder, run), "w") as file:
        file.write(json.dumps(content, ensure_ascii=False) + "\n")


def all_of(folder: Path, task: Task) -> list[dict[str, Any]]:
    """Every run of this task with these settings, by method, share and seed."""
    loaded = (_loaded(path, task) for path in sorted((folder / "runs").glob("*.json")))
    found = [content for content in loaded if content is not None]
    return sorted(found, key=lambda run: (run["method"], run["share"], run["seed"]))


def write_card(folder: Path, task: Task, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The card of all runs, as JSON and as README; returned."""
    from companion import checkpoints

    content = {"name": task.name, **card(task, runs), "files": {}}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    with cache.atomic_write(folder / checkpoints.CARD, "w") as file:
        file.write(text)
    with cache.atomic_write(folder / checkpoints.README, "w") as file:
        file.write(readme(content))
    return content


def readme(content: Mapping[str, Any]) -> str:
    """The card for people: a table of scores a test, the differences, and what it was made of."""
    lines = [f"# {content['name']}", "", f"{content['title']}. Made by `{content['made by']}`.", ""]
    for test, shares in content["results"].items():
        lines += [f"## {test}", "", "| items | method | score | value | 95 % | seeds |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [
            f"| {share} | {method} | {metric} | {found['score']:.4f} | "
            f"{_between(found['95 %'])} | {len(row['seeds'])} |"
            for share, methods in shares.items()
            for method, row in methods.items()
            for metric, found in row.items()
            if metric != "seeds"
        ]
        lines += ["", "| difference, paired over the items | value | 95 % |", "|---|---|---|"]
        lines += [
            f"| {name} | {found['difference']:+.4f} | {_between(found['95 %'])} |"
            for name, found in content["differences, paired over the test items"][test].items()
        ]
        lines += [""]
    lines += ["## Made of", ""]
    lines += [f"- starts from: {content['starts from']}"]
    lines += [
        f"- {name}: {', '.join(values)}" for name, values in content["data"].items() if values
    ]
    lines += [f"- {name}: {value}" for name, value in content["settings"].items()]
    lines += ["", f"Runs, errors and every number: {_CARD}."]
    return "\n".join(lines) + "\n"


def _between(interval: list[float]) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}"


def card(task: Task, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the runs say together."""
    tests = list(dict.fromkeys(name for run in runs for name in run["tests"]))
    trained = [run for run in runs if "seconds" in run]
    return {
        "title": task.title,
        "made by": f"companion finetune {task.name}",
        "starts from": task.checkpoint or "nothing: new weights",
        "data": {"corpora": list(task.corpora), "licences": list(task.licences)},
        "settings": task.numbers,
        "bar": task.bar,
        "results": {test: _scores(test, runs) for test in tests},
        "differences, paired over the test items": {
            test: _differences(test, runs) for test in tests
        },
        "errors": _errors(trained or runs),
        "runs": {
            f"{run['method']} {run['share']:g}, seed {run['seed']}": {
                key: run[key]
                for key in ("items", "steps", "best at step", "seconds", "trainable", "machine")
                if key in run
            }
            for run in runs
        },
    }


def percent(share: float) -> str:
    """A share of the items as the card's keys have it: 100%, 12.5%; another share, another key."""
    return f"{100 * share:g}%"


def _groups(test: str, runs) -> dict[tuple[float, str], list[dict]]:
    """The runs by share and method."""
    groups: dict[tuple[float, str], list[dict]] = {}
    for run in runs:
        if test in run["tests"]:
            groups.setdefault((run["share"], run["method"]), []).append(run)
    return dict(sorted(groups.items(), key=lambda group: (-group[0][0], group[0][1])))


def _scores(test: str, runs) -> dict[str, Any]:
    """By share and method, each metric: mean of the seeds, interval over the items, each seed."""
    from companion import finetuning as ft

    said: dict[str, Any] = {}
    for (share, method), group in _groups(test, runs).items():
        row = said.setdefault(f"{percent(share)} of the items", {}).setdefault(method, {})
        row["seeds"] = [run["seed"] for run in group]
        for metric in group[0]["tests"][test]:
            counts, score = _counts(test, metric, group)
            found = ft.figure(counts, score)
            each = [score(one.sum(axis=0)) for one in counts]
            row[metric] = {
                "score": _rounded(found.value),
                "95 %": [_rounded(found.low), _rounded(found.high)],
                "each seed": [_rounded(value) for value in each],
            }
    return said


def _differences(test: str, runs) -> dict[str, Any]:
    """Of the first metric: every trained method less each baseline, and less the scratch run."""
    from companion import finetuning as ft

    groups = _groups(test, runs)
    said: dict[str, Any] = {}
    for (share, method), group in groups.items():
        others = [
            (name, other)
            for (of, name), other in groups.items()
            if of == share and name != method and ("seconds" not in other[0] or name == "scratch")
        ]
        if "seconds" not in group[0]:
            continue
        for name, other in others:
            metric = next(iter(group[0]["tests"][test]))
            ours, score = _counts(test, metric, group)
            found = ft.difference(ours, _counts(test, metric, other)[0], score)
            said[f"{method} − {name}, {percent(share)}"] = {
                "difference": _rounded(found.value),
                "95 %": [_rounded(found.low), _rounded(found.high)],
            }
    return said


def _counts(test: str, metric: str, group):
    """Counts (seeds, items, columns) of one metric, and the score that takes their sums."""
    import numpy as np

    from companion import finetuning as ft

    kept = [run["tests"][test][metric] for run in group]
    score = {"f1": ft.f1_of_counts, "share": ft.share}[kept[0]["score"]]
    return np.array([one["counts"] for one in kept], float), score


def _errors(runs) -> dict[str, Any]:
    """The table of errors of one run: the first method that has it on all items."""
    order = ("full", "scratch")
    with_table = [run for run in runs if run.get("errors")]
    if not with_table:
        return {}
    best = max(with_table, key=lambda run: (run["share"], run["method"] in order, -run["seed"]))
    return {"of": f"{best['method']}, seed {best['seed']}", **best["errors"]}


def _rounded(value: float) -> float:
    return round(float(value), 4)
