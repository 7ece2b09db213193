"""What the cards say, for a page that shows them: a line a method, a line a comparison.

A card that does not exist is no error: a task may never have been trained here.
"""

import json
from typing import Any, NamedTuple

from . import TASKS, results

Card = dict[str, Any]


class Line(NamedTuple):
    """A score or a difference with its interval of 95 %; `name` is the method or the comparison."""

    name: str
    metric: str
    value: float
    low: float
    high: float
    seeds: int

    @property
    def decided(self) -> bool:
        """Of a difference: whether its interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def interval(self) -> tuple[float, float, float]:
        """The value and both ends."""
        return self.value, self.low, self.high


def cards() -> dict[str, Card | None]:
    """The card of every task, one's own or else the committed one; None where there is neither."""
    found: dict[str, Card | None] = {}
    for name in TASKS:
        folder = results.find(name)
        path = None if folder is None else folder / "card.json"
        found[name] = None if path is None else json.loads(path.read_text(encoding="utf-8"))
    return found


def scores(
    card: Card, test: str | None = None, share: float = 1.0, metric: str | None = None
) -> list[Line]:
    """A metric of each method on a test, by default the task's own and its first; best first."""
    lines, title = [], f"{results.percent(share)} of the items"
    for method, row in _of(card["results"], test).get(title, {}).items():
        names = [name for name in row if name != "seeds"]
        name = names[0] if metric is None else metric
        if name not in names:
            raise ValueError(f"no metric {name!r}; the card has {', '.join(names)}")
        found = row[name]
        lines.append(Line(method, name, found["score"], *found["95 %"], len(row["seeds"])))
    return sorted(lines, key=lambda line: -line.value)


def differences(card: Card, test: str | None = None, share: float = 1.0) -> list[Line]:
    """What each trained method gains over each baseline, and over training from scratch."""
    seeds = {line.name: line for line in scores(card, test, share)}
    lines = []
    for name, found in _of(card["differences, paired over the test items"], test).items():
        pair, _, of = name.rpartition(", ")
        if of == results.percent(share):
            ours = seeds[pair.split(" − ")[0]]
            values = found["difference"], *found["95 %"]
            lines.append(Line(pair, ours.metric, *values, ours.seeds))
    return lines


def shares(card: Card, test: str | None = None) -> dict[str, dict[float, Line]]:
    """By method, its score at every share of the items that somebody trained on."""
    found: dict[str, dict[float, Line]] = {}
    for title in _of(card["results"], test):
        share = float(title.split("%")[0]) / 100
        for line in scores(card, test, share):
            found.setdefault(line.name, {})[share] = line
    return found


def items(card: Card) -> int:
    """How many items the largest run learned from."""
    return max(run["items"] for run in card["runs"].values())


def _of(tests: dict[str, Any], test: str | None) -> dict[str, Any]:
    """What stands under a test; the first is the task's own."""
    if test is None:
        test = next(iter(tests))
    if test not in tests:
        raise ValueError(f"no test {test!r}; the card has {', '.join(tests)}")
    return tests[test]
