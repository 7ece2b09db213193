"""The figures of chapter 3."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes

from .style import COLOURS, MARKERS, Picture, label_ends, line, need, spread, style


def cooccurrence(
    counts: Sequence[Sequence[float]], cosines: Sequence[Sequence[float]], words: Sequence[str]
) -> Picture:
    """How often words stand near each other, and how alike their rows are, (V, V) both.

    Raises `ValueError` when a matrix does not fit the words.
    """
    size = (len(words), len(words))
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=7.6, height=3.9)
        left, right = picture.subplots(1, 2)
        _square(left, counts, words, size, "times")
        left.set_title("How often near each other?")
        _square(right, cosines, words, size, "cosine")
        right.set_title("How alike are the rows?")
    return picture


def word_map(groups: Mapping[str, Mapping[str, tuple[float, float]]]) -> Picture:
    """Words as points of the plane, a colour and a marker a group: `{"places": {"Rome": (x, y)}}`.

    The names of a group stand in two columns, left and right of it. Raises `ValueError` without a
    group.
    """
    need(groups, "group")
    with rc_context(style()):
        picture = Picture(width=7.0, height=4.6)
        axes = picture.subplots()
        for index, (name, points) in enumerate(groups.items()):
            colour = COLOURS[index % len(COLOURS)]
            x, y = np.array(list(points.values())).T
            axes.scatter(x, y, color=colour, marker=MARKERS[index % len(MARKERS)], label=name, s=22)
        axes.margins(x=0.2, y=0.12)  # room for the names
        for index, points in enumerate(groups.values()):
            _name_points(axes, points, COLOURS[index % len(COLOURS)])
        axes.set_xlabel("first direction (no unit)")
        axes.set_ylabel("second direction (no unit)")
        axes.set_title("Words as points")
        picture.legend(loc="outside right upper", frameon=False)
    return picture


def senses(leanings: Mapping[str, Sequence[float]], one: float) -> Picture:
    """How far the surroundings of each use of a word lean to one sense, a histogram a sense.

    `{"surname": [0.3, …], "measure word": [−0.2, …]}`; `one` is where the word's only vector
    leans. Raises `ValueError` without a sense.
    """
    need(leanings, "sense")
    values = np.concatenate([np.asarray(each, dtype=np.float64) for each in leanings.values()])
    bins = np.linspace(values.min(), values.max(), 31)
    first, *_, last = leanings
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.0)
        axes = picture.subplots()
        for index, (name, each) in enumerate(leanings.items()):
            axes.hist(each, bins, color=COLOURS[index], alpha=0.55, label=name,
                      weights=np.full(len(each), 100 / len(each)),
                      hatch=("", "///")[index % 2], edgecolor=COLOURS[index])  # fmt: skip
        axes.axvline(one, color="#222222", linewidth=2, label="its one vector")
        axes.set_xlabel(f"leaning: {last} ← → {first} (difference of cosines)")
        axes.set_ylabel("uses (% of the sense)")
        axes.set_title("One word, two kinds of surroundings, one vector")
        axes.legend(frameon=False)
    return picture


def help_at_distance(losses: Mapping[str, Mapping[int, float]]) -> Picture:
    """Bits per character lost when a model is shown only the last k characters, a line a model.

    `{"recurrent": {1: 1.2, 2: 0.8, …}}`, k ≥ 1. Raises `ValueError` without a model.
    """
    need(losses, "model")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.4)
        axes = picture.subplots()
        axes.set_xscale("log", base=2)
        ends = []
        for index, (name, points) in enumerate(losses.items()):
            axes.plot(list(points), list(points.values()), **line(index))
            last = max(points)
            ends.append((name, last, points[last], index))
        axes.axhline(0, color="#999999", linewidth=0.9)
        ticks = [2**i for i in range(12) if 2**i <= max(max(p) for p in losses.values())]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_xlabel("characters of context that the model may see")
        axes.set_ylabel("lost (bits per character)")
        axes.set_title("How far back does context help?")
        label_ends(axes, ends)
    return picture


def same_text(ngrams: Mapping[int, float], networks: Mapping[str, float]) -> Picture:
    """Bits per character on one held-out text: n-grams by order, each network a level line.

    Raises `ValueError` without an order.
    """
    need(ngrams, "order")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.8)
        axes = picture.subplots()
        orders = sorted(ngrams)
        axes.plot(orders, [ngrams[order] for order in orders], **line(0))
        ends = [("n-grams, modified Kneser–Ney", orders[-1], ngrams[orders[-1]], 0)]
        for index, (name, bits) in enumerate(networks.items(), 1):
            axes.axhline(bits, **(line(index) | {"marker": ""}))
            ends.append((f"{name}: {bits:.2f}", orders[-1], bits, index))
        axes.set_xticks(orders)
        axes.set_xlabel("order n of the n-gram model (characters seen at once)")
        axes.set_ylabel("bits per character")
        axes.set_title("One text, one axis")
        label_ends(axes, ends)
    return picture


def _name_points(
    axes: Axes, points: Mapping[str, tuple[float, float]], colour: str, gap: float = 0.05
) -> None:
    """A column of names on each side of a group, `gap` of the height apart, a line to each point.

    The left half of the points has its names on the left, so that few lines pass other points.
    """
    axes.set_ylim(axes.get_ylim())  # freeze the view: the names must not move it
    place = axes.transData + axes.transAxes.inverted()
    inside = {word: place.transform(point) for word, point in points.items()}
    ranked = sorted(inside, key=lambda word: inside[word][0])
    half = len(ranked) // 2
    for words, edge, away, align in (
        (ranked[:half], ranked[0], -0.03, "right"),
        (ranked[half:], ranked[-1], 0.03, "left"),
    ):
        column = inside[edge][0] + away
        heights = spread({word: float(inside[word][1]) for word in words}, gap)
        for word in words:
            axes.annotate(
                word, points[word], xytext=(column, heights[word]), textcoords="axes fraction",
                va="center", ha=align, color=colour, fontsize=9,
                arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.4, "linewidth": 0.7},
            )  # fmt: skip


def _square(
    axes: Axes, matrix: Sequence[Sequence[float]], words: Sequence[str], size: tuple, unit: str
) -> None:
    values = np.asarray(matrix, dtype=np.float64)
    if values.shape != size:
        raise ValueError(
            f"the matrix is {values.shape}, the words {size}; give one word a row and column"
        )
    image = axes.imshow(values, cmap="Blues", vmin=0, aspect="equal")
    axes.set_xticks(range(len(words)), words, rotation=90)
    axes.set_yticks(range(len(words)), words)
    axes.set_xlabel("neighbour" if unit == "times" else "word")
    axes.set_ylabel("word")
    axes.figure.colorbar(image, ax=axes, label=unit, shrink=0.7)
