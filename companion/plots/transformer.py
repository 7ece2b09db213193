"""The figures of chapter 5: the two stacks, what depth does, how training goes, translations."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from .style import COLOURS, MARKERS, Picture, label_ends, line, need, style

GAP, BOX, STEP, FOOT = 0.95, (2.3, 0.66), 1.15, 0.75  # a line a position; boxes; where they stand


def architecture(
    source: Sequence[str], shown: Sequence[str], wanted: Sequence[str], num_layers: int
) -> Picture:
    """Encoder and decoder as streams, a line a position, that sublayers read from and add to.

    `source` is read, `shown` is what the decoder sees, `wanted` what it is to say there. One block
    of each stack is drawn. Raises `ValueError` where `shown` and `wanted` differ in length.
    """
    if len(shown) != len(wanted):
        raise ValueError(f"{len(shown)} words shown and {len(wanted)} wanted; one is the other's")
    need(dict.fromkeys((*source, *shown)), "word")
    looks = ("self-attention\nmixes positions", "feed-forward\neach position alone")
    reads = ("self-attention\nitself and before", "cross-attention\nqueries the memory", looks[1])
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=9.4, height=4.2)
        axes = picture.subplots()
        done = _stream(axes, 0.0, source, looks, num_layers)
        top = _stream(axes, 8.0, shown, reads, num_layers)
        edge, box = GAP * (len(source) - 1) / 2, 8.0 - _reach(shown) - BOX[0]
        height = FOOT + STEP + BOX[1] / 2
        path = [(-edge, done), (edge, done), (box - 0.6, done), (box - 0.6, height)]
        axes.plot(*zip(*path, strict=True), color=COLOURS[1], linewidth=1.8)
        _arrow(axes, path[-1], (box, height), COLOURS[1])
        axes.text(edge + 0.1, done + 0.12, "memory", color=COLOURS[1], fontsize=8.5)
        _box(axes, 8.0 - BOX[0] / 2, top, "x · Eᵀ: a score\nfor each token")
        for place, word in zip(_places(8.0, len(wanted)), wanted, strict=True):
            axes.text(place, top + BOX[1] + 0.2, word, ha="center", fontsize=9.5, weight="bold")
        axes.set_xlim(-_reach(source) - BOX[0] - 0.9, 8.0 + _reach(wanted))
        axes.set_ylim(-0.35, top + BOX[1] + 0.6)
        axes.set_axis_off()
        axes.set_title("The encoder reads the source; the decoder writes the target")
        axes.set_xlabel("positions")
        axes.set_ylabel("blocks, from the first up")
    return picture


def by_depth(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Picture:
    """A panel a quantity, a line a name, a value a block, on a logarithmic axis."""
    need(panels, "quantity")
    with rc_context(style()):
        picture = Picture(width=0.4 + 3.1 * len(panels), height=3.1)
        row = picture.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, lines) in zip(row, panels.items(), strict=True):
            for index, (name, values) in enumerate(lines.items()):
                axes.plot(range(1, len(values) + 1), values, label=name, **line(index))
            axes.set_yscale("log")
            axes.set_title(title)
            axes.set_xlabel("before block")
            axes.xaxis.get_major_locator().set_params(integer=True)
        row[0].set_ylabel("share (no unit)")
        row[0].legend(fontsize=8, frameon=False)
    return picture


def losses(
    panels: Mapping[str, Mapping[str, Mapping[int, float]]], guess: float | None = None
) -> Picture:
    """Training losses, a panel a question, a line a model: `{"residuals": {"with": {10: 2.3}}}`.

    `guess` draws the loss of a model that knows nothing.
    """
    need(panels, "question")
    with rc_context(style()):
        picture = Picture(width=0.6 + 3.0 * len(panels), height=3.1)
        row = picture.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, lines) in zip(row, panels.items(), strict=True):
            if guess is not None:
                axes.axhline(guess, color="#AAAAAA", linewidth=0.9, zorder=1, label="guessing")
            for index, (name, points) in enumerate(lines.items()):
                axes.plot(list(points), list(points.values()), label=name, **line(index))
            axes.set_title(title)
            axes.set_xlabel("training step")
            axes.set_ylim(bottom=0)
            axes.legend(fontsize=8, frameon=False, loc="lower left")
        row[0].set_ylabel("loss (nats a token)")
    return picture


def rates(lines: Mapping[str, Sequence[float]]) -> Picture:
    """Learning rates against the step, a line a schedule, its highest point marked."""
    need(lines, "schedule")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.0)
        axes = picture.subplots()
        ends = []
        for index, (name, values) in enumerate(lines.items()):
            steps = range(1, len(values) + 1)
            peak = int(np.argmax(values))
            axes.plot(steps, values, **(line(index) | {"markevery": [peak]}))
            ends.append((name, len(values), float(values[-1]), index))
        axes.set_title("The rate climbs, then falls")
        axes.set_xlabel("training step")
        axes.set_ylabel("learning rate")
        label_ends(axes, ends)
    return picture


def confidence(probs: Sequence[float], lines: Mapping[str, Sequence[float]]) -> Picture:
    """The loss against the probability of the true token, a line a smoothing, its least marked."""
    need(lines, "smoothing")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.0)
        axes = picture.subplots()
        ends = []
        for index, (name, values) in enumerate(lines.items()):
            least = int(np.argmin(values))
            axes.plot(probs, values, **(line(index) | {"markevery": [least]}))
            ends.append((name, probs[-1], float(values[-1]), index))
        axes.set_title("What a prediction costs")
        axes.set_xlabel("probability given to the true token")
        axes.set_ylabel("loss (nats)")
        label_ends(axes, ends)
    return picture


def alignment(
    weights: Sequence[Sequence[float]],
    targets: Sequence[str],
    sources: Sequence[str],
    gold: Sequence[tuple[int, int]] = (),
) -> Picture:
    """Weights between words as shades, rows look; the true pairs (source, target) are framed.

    Raises `ValueError` when the words do not fit the matrix.
    """
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (len(targets), len(sources)):
        raise ValueError(
            f"the weights are {values.shape}, the words {(len(targets), len(sources))}; "
            "give one word a row and a column"
        )
    with rc_context(style() | {"axes.grid": False}):
        size = 2.2 + 0.36 * len(sources), 1.3 + 0.3 * len(targets)
        picture = Picture(width=size[0], height=size[1])
        axes = picture.subplots()
        image = axes.imshow(values, cmap="Blues", vmin=0, aspect="auto")
        axes.set_xticks(range(len(sources)), sources, rotation=45, ha="right")
        axes.set_yticks(range(len(targets)), targets)
        for column, row in gold:
            frame = {"fill": False, "edgecolor": COLOURS[1], "linewidth": 1.8}
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **frame))
        axes.set_title("Where each written word looks")
        axes.set_xlabel("source (framed: the true partners)")
        axes.set_ylabel("target")
        picture.colorbar(image, ax=axes, label="attention weight", shrink=0.85)
    return picture


def quality(
    rows: Mapping[str, Mapping[str, tuple[float, float, float]]], score: str = "BLEU"
) -> Picture:
    """Scores with their intervals, a row a text, a marker a system: (score, low, high)."""
    need(rows, "text")
    with rc_context(style()):
        picture = Picture(width=7.4, height=1.1 + 0.42 * len(rows))
        axes = picture.subplots()
        systems = list(dict.fromkeys(name for row in rows.values() for name in row))
        for index, name in enumerate(systems):
            for height, row in enumerate(rows.values()):
                if name in row:
                    middle, low, high = row[name]
                    colour = COLOURS[index % len(COLOURS)]
                    place = height + 0.16 * (index - (len(systems) - 1) / 2)
                    axes.plot([low, high], [place, place], color=colour, linewidth=2.2, alpha=0.5)
                    axes.plot(
                        middle, place, MARKERS[index], color=colour,
                        label=name if height == 0 else None,
                    )  # fmt: skip
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, 102)
        axes.set_title(f"{score} on held-out text, with 95 % intervals")
        axes.set_xlabel(f"{score} (0 to 100)")
        axes.set_ylabel("text")
        axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return picture


def _places(middle: float, count: int) -> list[float]:
    return [middle + GAP * (i - (count - 1) / 2) for i in range(count)]


def _reach(words: Sequence[str]) -> float:
    """How far left of a stream's middle its boxes begin."""
    return GAP * (len(words) - 1) / 2 + 0.85


def _stream(
    axes: Axes, middle: float, words: Sequence[str], sublayers: Sequence[str], num_layers: int
) -> float:
    """A line a word, sublayers to its left, and how many such blocks; returns where it ends."""
    end = FOOT + STEP * len(sublayers)
    for place, word in zip(_places(middle, len(words)), words, strict=True):
        axes.plot([place, place], [0.15, end], color=COLOURS[0], linewidth=2.2, zorder=1)
        axes.text(place, 0, word, ha="center", va="top", fontsize=9.5, weight="bold")
    stream, box = middle - GAP * (len(words) - 1) / 2, middle - _reach(words) - BOX[0]
    axes.text(stream - 0.15, 0.3, "E + position", ha="right", fontsize=8, color="#444444")
    for i, name in enumerate(sublayers):
        low = FOOT + STEP * i
        _box(axes, box, low, name)
        _arrow(axes, (stream, low + 0.1), (box + BOX[0], low + 0.1), COLOURS[0])
        _arrow(axes, (box + BOX[0], low + 0.52), (stream - 0.13, low + 0.52), COLOURS[0])
        axes.text(
            stream, low + 0.52, "+", ha="center", va="center", fontsize=9, color=COLOURS[0],
            bbox={"boxstyle": "circle,pad=0.1", "fc": "white", "ec": COLOURS[0]},
        )  # fmt: skip
    frame = (box - 0.2, FOOT - 0.22), middle - box + _reach(words) - 0.25, STEP * len(sublayers)
    axes.add_patch(
        FancyBboxPatch(
            *frame, boxstyle="round,pad=0,rounding_size=0.12", fill=False, edgecolor="#BBBBBB",
            linestyle="--",
        )
    )  # fmt: skip
    axes.text(box - 0.3, FOOT, f"{num_layers} ×", ha="right", fontsize=10, color="#444444")
    return end


def _box(axes: Axes, x: float, y: float, words: str) -> None:
    shape = {"boxstyle": "round,pad=0,rounding_size=0.1", "facecolor": "#E8F0F7"}
    axes.add_patch(FancyBboxPatch((x, y), *BOX, edgecolor="#666666", zorder=2, **shape))
    axes.text(x + BOX[0] / 2, y + BOX[1] / 2, words, ha="center", va="center", fontsize=8, zorder=3)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour})
