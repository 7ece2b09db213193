"""The figures of chapter 9: what is shown and what is asked, what a probe finds, who is best."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .style import COLOURS, Picture, label_ends, line, need, style


def questions(rows: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> Picture:
    """What a model is shown and what it is asked to say, a line an objective.

    `{"MLM": (["the", "[MASK]"], ["", "cat"])}`: what is shown in blue boxes at the left, what is
    asked in orange ones at the right; an empty string is a place that is not asked.
    """
    need(rows, "objective")
    shown, asked = (max(len(pair[side]) for pair in rows.values()) for side in (0, 1))
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=1.6 + 0.62 * (shown + asked + 1), height=0.9 + 0.44 * len(rows))
        axes = picture.subplots()
        for place, pair in enumerate(rows.values()):
            for side, words in enumerate(pair):
                for column, word in enumerate(words):
                    left = column + side * (shown + 0.8)
                    if word:
                        box = {"facecolor": "white", "edgecolor": COLOURS[side], "linewidth": 1.1}
                        axes.add_patch(Rectangle((left + 0.03, -place - 0.36), 0.94, 0.72, **box))
                        size = 8.0 if len(word) < 8 else 6.4
                        axes.text(left + 0.5, -place, word, ha="center", va="center", fontsize=size)
        axes.set_xlim(-0.1, shown + asked + 0.9)
        axes.set_ylim(-len(rows) + 0.4, 1.0)
        for side, title in enumerate(("is shown", "is asked for")):
            axes.text(side * (shown + 0.8), 0.62, title, color=COLOURS[side], fontsize=9)
        axes.set_yticks([-place for place in range(len(rows))], list(rows))
        axes.set_xticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel("tokens")
        axes.set_title("One text, many questions")
    return picture


Curves = Mapping[str, Mapping[int, Sequence[float]]]


def probe_curves(
    curves: Curves, levels: Mapping[str, float], title: str, apart: bool = False
) -> Picture:
    """Probe accuracy against training steps: `{"MLM": {80: [0.91, 0.93], …}}`, a score a seed.

    The line is the mean; with several seeds a band reaches from the least to the greatest.
    `levels` are scores that need no training, dotted. More lines than eyes can tell apart stand
    `apart`: a panel each, with all others in grey behind it.
    """
    need(curves, "objective")
    if apart:
        return _panel_each(curves, levels, title)
    with rc_context(style()):
        picture = Picture(width=7.4, height=3.0 + 0.12 * len(curves))
        axes = picture.subplots()
        ends = []
        for index, (name, points) in enumerate(curves.items()):
            ends.append((name, *_curve(axes, points, line(index)), index))
        last = max(end[1] for end in ends)
        for name, level in levels.items():
            axes.axhline(100 * level, color="#444444", linestyle=":", linewidth=1.1)
            ends.append((name, last, 100 * level, 4))
        axes.set_xlabel("training steps")
        axes.set_ylabel("probe accuracy (%)")
        axes.set_title(title)
        label_ends(axes, ends)
    return picture


def _curve(axes: Axes, points: Mapping[int, Sequence[float]], drawn: Mapping) -> tuple[int, float]:
    """Draw means and their band; where the line ends."""
    steps = list(points)
    scores = [100 * np.asarray(points[step], float) for step in steps]
    means = [float(score.mean()) for score in scores]
    axes.plot(steps, means, **drawn)
    if max(len(score) for score in scores) > 1:
        lows, highs = ([f(score) for score in scores] for f in (np.min, np.max))
        axes.fill_between(steps, lows, highs, color=drawn["color"], alpha=0.18, linewidth=0)
    return steps[-1], means[-1]


def _panel_each(curves: Curves, levels: Mapping[str, float], title: str) -> Picture:
    columns = min(4, len(curves))
    rows = -(-len(curves) // columns)
    with rc_context(style()):
        picture = Picture(width=7.2, height=0.8 + 1.15 * rows)
        grid = picture.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(curves):
                axes.set_visible(False)
                continue
            name = list(curves)[place]
            for other, points in curves.items():
                if other != name:
                    means = [100 * float(np.mean(scores)) for scores in points.values()]
                    axes.plot(list(points), means, color="#CCCCCC", linewidth=0.8)
            _curve(axes, curves[name], line(0))
            for level in levels.values():
                axes.axhline(100 * level, color="#444444", linestyle=":", linewidth=1.1)
            axes.set_title(name, fontsize=9)
            if place + columns >= len(curves):
                axes.tick_params(labelbottom=True)
                axes.set_xlabel("training steps" if place // columns == rows - 1 else "")
            axes.set_ylabel("" if place % columns else "accuracy (%)")
        dotted = ", ".join(f"{name} {100 * level:.0f} %" for name, level in levels.items())
        picture.suptitle(title + (f" (dotted: {dotted})" if levels else ""), fontsize=10)
    return picture


def ranking(
    panels: Mapping[str, Mapping[str, tuple[float, float, float]]],
    levels: Mapping[str, Mapping[str, float]],
    xlabel: str = "probe accuracy (%)",
) -> Picture:
    """Scores with their intervals, a panel a probe; the best of the first panel stands at the top.

    `panels` are `{"sentiment": {"MLM": (mean, low, high), …}}`, shares of 1; `levels` are the
    dotted baselines of each panel.
    """
    need(panels, "probe")
    first = next(iter(panels.values()))
    need(first, "objective")
    order = sorted(first, key=lambda name: first[name][0])
    with rc_context(style()):
        picture = Picture(width=8.6, height=1.5 + 0.27 * len(order))
        axes_of = picture.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for index, (axes, (title, scores)) in enumerate(zip(axes_of, panels.items(), strict=True)):
            for place, name in enumerate(order):
                mean, low, high = (100 * value for value in scores[name])
                axes.plot([low, high], [place, place], color=COLOURS[index], linewidth=2.2)
                axes.plot([mean], [place], color=COLOURS[index], marker="o", markersize=5)
            for number, (name, level) in enumerate(levels.get(title, {}).items()):
                axes.axvline(100 * level, color="#444444", linestyle=":", linewidth=1.1)
                axes.annotate(
                    name, (100 * level, 1.0), xycoords=("data", "axes fraction"), fontsize=7.5,
                    xytext=(3, -8 - 9 * number), textcoords="offset points", color="#444444",
                )  # fmt: skip
            axes.set_yticks(range(len(order)), order)
            axes.set_ylim(-0.6, len(order) + 0.1)
            axes.set_xlabel(xlabel)
            axes.set_ylabel("objective" if index == 0 else "")
            axes.set_title(title)
    return picture
