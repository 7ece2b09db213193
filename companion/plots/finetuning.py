"""The figures of chapter 10: what vectors know, what is gained by moving which weights, tags."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.patches import Rectangle

from .style import COLOURS, MARKERS, Picture, label_ends, line, need, style

Interval = tuple[float, float, float]  # a value and the two ends of its interval
NAMED = 8  # a matrix up to this wide shows its numbers


def what_moves(methods: Mapping[str, Mapping[str, tuple[int, int]]]) -> Picture:
    """A network as a stack of parts, a stack a method; what training moves is filled.

    `{"LoRA": {"block 1": (12_288, 1_774_464), …}}`: of each part, from the bottom up, how many
    numbers move and how many there are. A part that moves a little has a stripe.
    """
    need(methods, "method")
    with rc_context(style() | {"axes.grid": False}):
        parts = next(iter(methods.values()))
        picture = Picture(width=1.4 + 1.75 * len(methods), height=1.3 + 0.3 * len(parts))
        axes = picture.subplots()
        for column, stack in enumerate(methods.values()):
            for row, (moving, whole) in enumerate(stack.values()):
                width = 0.78 * max(moving / whole, 0.05) if moving else 0
                axes.add_patch(
                    Rectangle((column, row), width, 0.8, facecolor=COLOURS[1], linewidth=0)
                )
                frame = {"facecolor": "none", "edgecolor": "#777777", "linewidth": 1.0}
                axes.add_patch(Rectangle((column, row), 0.78, 0.8, **frame))
            count = sum(moving for moving, _ in stack.values())
            axes.text(column + 0.39, -0.55, f"{count:,}", ha="center", va="center", fontsize=8.5)
        axes.set_xlim(-0.15, len(methods) - 0.05)
        axes.set_ylim(-1.0, len(parts) + 0.1)
        axes.set_xticks([column + 0.39 for column in range(len(methods))], list(methods))
        axes.set_yticks([row + 0.4 for row in range(len(parts))], list(parts))
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel("method; below each stack: how many numbers it moves")
        axes.set_ylabel("part of the network")
        axes.set_title("One encoder, four ways to train it on: what moves is orange")
    return picture


def class_maps(panels: Mapping[str, tuple[np.ndarray, Sequence[str]]]) -> Picture:
    """Texts as points in a plane, coloured by their class: `{title: (points (texts, 2), labels)}`.

    The axes are directions of the vectors and have no unit. Raises `ValueError` where points and
    labels differ in number.
    """
    need(panels, "map")
    for title, (points, labels) in panels.items():
        if np.shape(points) != (len(labels), 2):
            raise ValueError(
                f"{title!r} has points {np.shape(points)} and {len(labels)} labels; give a row of "
                "two numbers a label"
            )
    classes = sorted({name for _, labels in panels.values() for name in labels})
    with rc_context(style()):
        picture = Picture(width=0.6 + 3.4 * len(panels), height=3.5)
        axes_of = picture.subplots(1, len(panels), squeeze=False)[0]
        for axes, (title, (points, labels)) in zip(axes_of, panels.items(), strict=True):
            for index, name in enumerate(classes):
                chosen = np.array([one == name for one in labels], bool)
                axes.scatter(
                    *np.asarray(points)[chosen].T, s=13, alpha=0.75, linewidth=0, label=name,
                    color=COLOURS[index % len(COLOURS)], marker=MARKERS[index % len(MARKERS)],
                )  # fmt: skip
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel("one direction")
            axes.set_ylabel("another direction")
            axes.set_title(title)
        handles, names = axes_of[0].get_legend_handles_labels()
        picture.legend(
            handles, names, loc="outside lower center", ncols=len(classes), frameon=False,
            fontsize=8.5, markerscale=1.5,
        )  # fmt: skip
    return picture


def moved(methods: Mapping[str, tuple[float, Interval]], levels: Mapping[str, float]) -> Picture:
    """Score against how many numbers were trained: `{"LoRA": (75_000, (0.85, 0.82, 0.88)), …}`.

    Scores are shares of 1; the numbers stand on a logarithmic axis. `levels` are scores that train
    no network, dotted.
    """
    need(methods, "method")
    with rc_context(style()):
        picture = Picture(width=6.8, height=3.3)
        axes = picture.subplots()
        for index, (name, (count, interval)) in enumerate(methods.items()):
            value, low, high = (100 * part for part in interval)
            colour = COLOURS[index % len(COLOURS)]
            axes.plot([count, count], [low, high], color=colour, linewidth=2.0)
            axes.plot([count], [value], color=colour, marker=MARKERS[index], markersize=7)
            axes.annotate(
                name, (count, high), xytext=(0, 4), textcoords="offset points", color=colour,
                ha="center", va="bottom", fontsize=9,
            )  # fmt: skip
        counts = [count for count, _ in methods.values()]
        axes.set_xscale("log")
        axes.set_xlim(min(counts) / 3, max(counts) * 8)
        axes.margins(y=0.12)
        for name, level in levels.items():
            axes.axhline(100 * level, color="#444444", linestyle=":", linewidth=1.1)
            axes.annotate(
                name, (1.0, 100 * level), xycoords=("axes fraction", "data"), ha="right",
                xytext=(-2, 3), textcoords="offset points", color="#444444", fontsize=8,
            )  # fmt: skip
        axes.set_xlabel("numbers that were trained (logarithmic)")
        axes.set_ylabel("accuracy (%)")
        axes.set_title("What is moved, and what it brings")
    return picture


def stopped(curves: Mapping[str, Sequence[float]], every: int, best: int) -> Picture:
    """Scores after each interval of `every` steps, a line a split, and the interval that is kept.

    `best` counts intervals from 0. Raises `ValueError` for one that no line reaches.
    """
    need(curves, "curve")
    if not 0 <= best < max(map(len, curves.values())):
        raise ValueError(f"best is {best}; the curves have {max(map(len, curves.values()))} values")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.2)
        axes = picture.subplots()
        ends = []
        for index, (name, scores) in enumerate(curves.items()):
            steps = every * np.arange(1, len(scores) + 1)
            shares = 100 * np.asarray(scores, float)
            axes.plot(steps, shares, **line(index))
            ends.append((name, float(steps[-1]), float(shares[-1]), index))
        place = every * (best + 1)
        axes.axvline(place, color="#444444", linestyle="--", linewidth=1.1)
        axes.annotate(
            "these weights\nare given back", (place, 0.03), xycoords=("data", "axes fraction"),
            xytext=(5, 0), textcoords="offset points", color="#444444", fontsize=8.5, va="bottom",
        )  # fmt: skip
        axes.set_xlabel("training steps")
        axes.set_ylabel("accuracy (%)")
        axes.set_title("When to stop")
        label_ends(axes, ends)
    return picture


def next_tags(panels: Mapping[str, np.ndarray], tags: Sequence[str]) -> Picture:
    """What a tag says of the next one, a panel a matrix (tags, tags): [before, after].

    Blue is encouraged and orange discouraged, on one scale that ends at ±4; what is beyond is as
    dark. Raises `ValueError` where a matrix does not fit the tags.
    """
    need(panels, "matrix")
    for title, matrix in panels.items():
        if np.shape(matrix) != (len(tags),) * 2:
            raise ValueError(f"{title!r} is {np.shape(matrix)}; there are {len(tags)} tags")
    with rc_context(style() | {"axes.grid": False}):
        width = 1.2 + len(panels) * (1.2 + 0.42 * len(tags))
        picture = Picture(width=width, height=1.4 + 0.36 * len(tags))
        axes_of = picture.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axes, (title, matrix) in zip(axes_of, panels.items(), strict=True):
            values = np.asarray(matrix, float)
            image = axes.imshow(values, cmap="PuOr", vmin=-4, vmax=4, aspect="auto")
            for (row, column), value in np.ndenumerate(values):
                if len(tags) > NAMED:
                    break
                ink = "white" if abs(value) > 2.6 else "#222222"
                said = "never" if value < -100 else f"{value:.1f}"
                axes.text(column, row, said, ha="center", va="center", color=ink, fontsize=6.8)
            axes.set_xticks(range(len(tags)), tags, rotation=45, ha="right", fontsize=8)
            axes.set_yticks(range(len(tags)), tags, fontsize=8)
            axes.set_xlabel("tag after")
            axes.set_ylabel("tag before" if axes is axes_of[0] else "")
            axes.set_title(title)
        picture.colorbar(image, ax=list(axes_of), label="score of the pair", shrink=0.9)
    return picture


def forest(
    groups: Mapping[str, Mapping[str, Interval]],
    levels: Mapping[str, float] | None = None,
    title: str = "",
    xlabel: str = "score (%)",
    zero: bool = False,
) -> Picture:
    """Values with their intervals, a line each, under the headings of their groups.

    `{"question-type": {"full": (0.96, 0.94, 0.98), …}}`, shares of 1; a name has one colour and
    mark in all groups. `levels` are marks to reach, by group. With `zero` a line stands at 0: for
    differences.
    """
    need(groups, "group")
    names = list(dict.fromkeys(name for rows in groups.values() for name in rows))
    levels = levels or {}
    with rc_context(style()):
        count = sum(len(rows) + 1.3 for rows in groups.values())
        picture = Picture(width=7.4, height=1.1 + 0.2 * count)
        axes = picture.subplots()
        place, ticks = 0.0, []
        for group, rows in groups.items():
            axes.annotate(
                group, (0, place), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=8.5, fontweight="bold",
            )  # fmt: skip
            top = place
            for name, interval in rows.items():
                place -= 1
                value, low, high = (100 * part for part in interval)
                look = line(names.index(name))
                axes.plot([low, high], [place, place], color=look["color"], linewidth=2.0)
                axes.plot([value], [place], **look, markersize=5.5)
                ticks.append((place, name))
            if group in levels:
                where = [100 * levels[group]] * 2
                axes.plot(where, [place - 0.45, top - 0.55], color="#222222", linestyle=":")
            place -= 1.3
        if zero:
            axes.axvline(0, color="#222222", linewidth=1.0)
        axes.set_yticks([tick for tick, _ in ticks], [name for _, name in ticks], fontsize=8)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(place + 0.6, 0.8)
        axes.set_xlabel(xlabel)
        axes.set_ylabel("method")
        axes.set_title(title)
    return picture


def data_curves(panels: Mapping[str, Mapping[str, Mapping[float, Interval]]]) -> Picture:
    """Score against the share of the items, a panel a task and a line a method.

    `{"question-type": {"full": {0.01: (0.6, 0.5, 0.7), 1.0: …}}}`, shares of 1 both; whiskers are
    the intervals, drawn a little apart. The share stands on a logarithmic axis.
    """
    need(panels, "task")
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    with rc_context(style()):
        picture = Picture(width=1.2 + 3.4 * len(panels), height=3.5)
        axes_of = picture.subplots(1, len(panels), squeeze=False)[0]
        for axes, (title, lines) in zip(axes_of, panels.items(), strict=True):
            shares = sorted({share for points in lines.values() for share in points})
            for name, points in lines.items():
                index = names.index(name)
                apart = 1.06 ** (index - (len(names) - 1) / 2)
                kept = sorted(points)
                values = 100 * np.array([points[share] for share in kept])  # value, low, high
                x = 100 * apart * np.array(kept)
                axes.plot(x, values[:, 0], label=name, **line(index))
                axes.vlines(x, values[:, 1], values[:, 2], color=line(index)["color"], linewidth=1)
            axes.set_xscale("log")
            axes.set_xticks([100 * s for s in shares], [f"{round(100 * s, 1):g} %" for s in shares])
            axes.minorticks_off()
            axes.set_xlabel("share of the training items")
            axes.set_ylabel("score (%)" if axes is axes_of[0] else "")
            axes.set_title(title)
        handles = {h.get_label(): h for a in axes_of for h in a.get_legend_handles_labels()[0]}
        picture.legend(
            [handles[name] for name in names], names, loc="outside right center", frameon=False,
            fontsize=8.5,
        )  # fmt: skip
    return picture
