"""The figures of chapter 1."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from .style import COLOURS, Picture, label_ends, line, need, plain_log_ticks, style


def next_words(contexts: Mapping[str, Sequence[tuple[str, float]]]) -> Picture:
    """Bars of P(word | context), a panel a context: `{"of the": [("king", 0.04), …], …}`.

    The pairs are what `NGramModel.next_words` returns. Panels share the probability axis, so that
    their bars compare. Raises `ValueError` without a context.
    """
    need(contexts, "context")
    with rc_context(style()):
        rows = max(1, *map(len, contexts.values()))  # nothing may follow an unknown context
        picture = Picture(height=1.1 + 0.23 * rows)
        panels = picture.subplots(1, len(contexts), sharex=True, squeeze=False)[0]
        for axes, (context, pairs) in zip(panels, contexts.items(), strict=True):
            words, probs = [word for word, _ in pairs], [prob for _, prob in pairs]
            axes.barh(range(len(words)), probs, color=COLOURS[0], height=0.66)
            for row, prob in enumerate(probs):
                axes.annotate(f" {prob:.3f}", (prob, row), va="center", fontsize=8)
            axes.set_yticks(range(len(words)), words)
            axes.set_ylim(rows - 0.5, -0.5)
            axes.set_title(f"after “{context}”")
            axes.set_xlabel("probability")
            axes.set_ylabel("next" if axes is panels[0] else "")
            axes.grid(False, axis="y")
            axes.margins(x=0.28)
        picture.suptitle("What comes next?", x=0.01, ha="left", fontsize=10, fontweight="bold")
    return picture


def perplexity_by_order(
    scores: Mapping[str, Mapping[int, float]],
    *,
    unit: str = "perplexity per token",
    log: bool = True,
) -> Picture:
    """One line a smoothing: `{"kneser_ney": {1: 850.0, 2: 240.0}, …}`, with names at the ends.

    An infinite score cannot be drawn: the line stops there and its name says so. Raises
    `ValueError` when there is nothing finite to draw.
    """
    need(scores, "smoothing")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.8)
        axes = picture.subplots()
        ends = []
        for index, (name, points) in enumerate(scores.items()):
            finite = {order: value for order, value in points.items() if math.isfinite(value)}
            if finite:
                axes.plot(list(finite), list(finite.values()), **line(index))
                lost = sorted(set(points) - set(finite))
                name += f" (infinite from order {lost[0]})" if lost else ""
                last = max(finite)
                ends.append((name, last, finite[last], index))
        if not ends:
            raise ValueError("every score is infinite; there is nothing to draw")
        if log:
            axes.set_yscale("log")
            plain_log_ticks(axes)
        orders = sorted({order for points in scores.values() for order in points})
        axes.set_xticks(orders)
        axes.set_xlabel("order n (words or characters seen at once)")
        axes.set_ylabel(unit)
        axes.set_title("How surprised by held-out text?")
        label_ends(axes, ends)
    return picture


def coverage(unseen: Mapping[str, Mapping[int, float]]) -> Picture:
    """Share (0 to 1) of a held-out text's n-grams that training never saw, a line a text."""
    need(unseen, "text")
    with rc_context(style()):
        picture = Picture(width=7.0)
        axes = picture.subplots()
        ends = []
        for index, (name, points) in enumerate(unseen.items()):
            axes.plot(list(points), list(points.values()), **line(index))
            last = max(points)
            ends.append((name, last, points[last], index))
        axes.set_xticks(sorted({order for points in unseen.values() for order in points}))
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("order n")
        axes.set_ylabel("held-out n-grams never seen (%)")
        axes.set_title("How much of a new text is new?")
        label_ends(axes, ends)
    return picture


def zipf(texts: Mapping[str, Sequence[float]]) -> Picture:
    """Frequency against rank on logarithmic axes, a line a text, with Zipf's slope −1 beside it.

    The values are counts in any order. Zipf (1949): frequency ∝ 1 / rank.
    """
    need(texts, "text")
    with rc_context(style()):
        picture = Picture(width=7.0)
        axes = picture.subplots()
        ends, top = [], 0.0
        for index, (name, counts) in enumerate(texts.items()):
            shares = np.sort(np.asarray(counts, dtype=np.float64))[::-1]
            shares /= shares.sum()
            # a few hundred points a line are enough for the eye, and for a small file
            ranks = np.unique(np.geomspace(1, len(shares), 300).astype(int))
            axes.plot(ranks, shares[ranks - 1], **(line(index) | {"marker": ""}))
            ends.append((name, int(ranks[-1]), float(shares[-1]), index))
            top = max(top, float(shares[0]))
        longest = max(last for _, last, _, _ in ends)
        guide = np.array([1, longest])
        axes.plot(guide, top / guide, color="#999999", linewidth=0.9)
        axes.annotate("slope −1", (longest**0.3, top / longest**0.3), xytext=(-4, -4), ha="right",
                      va="top", textcoords="offset points", color="#666666")  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("rank (1 = most frequent)")
        axes.set_ylabel("share of the text")
        axes.set_title("Zipf's law")
        label_ends(axes, ends)
    return picture


def growth(sizes: Sequence[int], distinct: Mapping[str, Sequence[int]]) -> Picture:
    """Distinct n-grams against the tokens read so far, a line an order, both in thousands."""
    need(distinct, "order")
    with rc_context(style()):
        picture = Picture(width=7.0)
        axes = picture.subplots()
        ends = []
        thousands = np.asarray(sizes) / 1000
        for index, (name, counts) in enumerate(distinct.items()):
            values = np.asarray(counts) / 1000
            axes.plot(thousands, values, **line(index))
            ends.append((name, float(thousands[-1]), float(values[-1]), index))
        axes.set_xlabel("tokens read (thousands)")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("distinct n-grams (thousands)")
        axes.set_title("What a table has to hold")
        label_ends(axes, ends)
    return picture


def approach(steps: Sequence[int], losses: Sequence[float], target: float) -> Picture:
    """A table's training curve and the loss of the counts, its limit; right, the gap between."""
    steps, losses = np.asarray(steps), np.asarray(losses, dtype=np.float64)
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.0)
        left, right = picture.subplots(1, 2)
        left.plot(steps, losses, color=COLOURS[0])
        left.axhline(target, color=COLOURS[1], linestyle="--")
        left.annotate(
            f"the counts: {target:.4f}", (steps[-1], target), xytext=(0, 5), ha="right",
            textcoords="offset points", color=COLOURS[1],
        )  # fmt: skip
        left.set_ylabel("loss (nats per token)")
        left.set_title("the way down")
        right.plot(steps, np.maximum(losses - target, 1e-12), color=COLOURS[0])
        right.set_yscale("log")
        right.set_ylabel("gap to the counts (nats)")
        right.set_title("the gap that is left")
        for axes in (left, right):
            axes.set_xlabel("step")
    return picture


def heat_map(
    matrix: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str]
) -> Picture:
    """P(next | context) as shades; a matrix up to 10 × 10 shows its numbers too.

    Raises `ValueError` when the labels do not fit the matrix.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"the matrix is {values.shape}, the labels {(len(rows), len(columns))}; "
            "give one label a row and one a column"
        )
    with rc_context(style() | {"axes.grid": False}):
        side = max(values.shape)
        picture = Picture(width=5.0 if side <= 10 else 6.0, height=3.4 if side <= 10 else 5.2)
        axes = picture.subplots()
        image = axes.imshow(values, cmap="Blues", vmin=0, aspect="auto")
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xlabel("next")
        axes.set_ylabel("context")
        axes.set_title("What follows what?")
        if side <= 10:
            _write_cells(axes, values)
        picture.colorbar(image, label="probability", shrink=0.85)
    return picture


def _write_cells(axes: Axes, values: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(values):
        if value:
            colour = "white" if value > 0.6 * values.max() else "#222222"
            axes.text(column, row, f"{value:.2g}", ha="center", va="center", color=colour)
