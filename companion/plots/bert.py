"""The figures of chapter 6: gaps, how filling them is learned, how alike texts are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.patches import Rectangle

from .style import COLOURS, Picture, label_ends, line, need, style


def gaps(tokens: Sequence[str], shown: Sequence[str], chosen: Sequence[bool]) -> Picture:
    """A text, under it what the model is shown, and an arrow up from each place it has to answer.

    Raises `ValueError` where the three differ in length or there is nothing to draw.
    """
    if not len(tokens) == len(shown) == len(chosen) or not len(tokens):
        raise ValueError(
            f"{len(tokens)} tokens, {len(shown)} shown, {len(chosen)} choices; give as many of each"
        )
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=1.6 + 0.86 * len(tokens), height=2.1)
        axes = picture.subplots()
        for place, (token, seen, gap) in enumerate(zip(tokens, shown, chosen, strict=True)):
            for row, word in ((1, token), (0, seen)):
                colour = COLOURS[1] if gap else "#999999"
                fill = "#FBE9DD" if gap and row == 0 else "white"
                box = {"facecolor": fill, "edgecolor": colour, "linewidth": 1.4}
                axes.add_patch(Rectangle((place + 0.04, row * 1.5), 0.92, 0.8, **box))
                axes.text(
                    place + 0.5, row * 1.5 + 0.4, word, ha="center", va="center", fontsize=8.5
                )
            if gap:
                axes.annotate(
                    "", (place + 0.5, 1.47), (place + 0.5, 0.83),
                    arrowprops={"arrowstyle": "-|>", "color": COLOURS[1]},
                )  # fmt: skip
        axes.set_xlim(-0.1, len(tokens) + 0.1)
        axes.set_ylim(-0.1, 2.4)
        axes.set_yticks([1.9, 0.4], ["the text", "is shown"])
        axes.set_xticks([])
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel("tokens in order; the arrow: what stood here?")
        axes.set_title("A text with gaps")
    return picture


def masked_accuracy(
    curves: Mapping[str, Mapping[int, float]],
    guess: tuple[str, float] | None = None,
    limit: tuple[str, float] | None = None,
) -> Picture:
    """Share of held-out gaps filled right over training, a line a run: `{"dynamic": {50: 0.4}}`.

    `guess` is the name and the share of a rule that learns nothing, `limit` of what can be known at
    best: dotted lines.
    """
    need(curves, "run")
    with rc_context(style()):
        picture = Picture(width=7.4, height=3.3)
        axes = picture.subplots()
        ends = []
        for index, (name, curve) in enumerate(curves.items()):
            steps, shares = list(curve), [100 * share for share in curve.values()]
            axes.plot(steps, shares, **line(index))
            ends.append((name, steps[-1], shares[-1], index))
        ticks = sorted({step for curve in curves.values() for step in curve})
        for name, share in filter(None, (guess, limit)):
            axes.axhline(100 * share, color="#444444", linestyle=":", linewidth=1.2)
            ends.append((name, ticks[-1], 100 * share, 4))
        axes.set_xticks(ticks)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("training steps")
        axes.set_ylabel("gaps filled right (%)")
        axes.set_title("Filling the gaps of held-out text")
        label_ends(axes, ends)
    return picture


def alike(
    cosines: Sequence[Sequence[float]],
    texts: Sequence[str],
    title: str,
    sides: tuple[str, str] = ("texts", "the same texts, by number"),
    lowest: float = 0.0,
) -> Picture:
    """Cosines of every text with every other as shades, the numbers written in.

    `sides` says what the rows and the columns are, where they are not the same texts; `lowest` is
    where the shades begin: cosines below it look alike. Raises `ValueError` where the matrix does
    not fit the texts.
    """
    values = np.asarray(cosines, dtype=np.float64)
    if values.shape != (len(texts), len(texts)):
        raise ValueError(f"cosines have shape {values.shape} and there are {len(texts)} texts")
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=4.4 + 0.62 * len(texts), height=1.2 + 0.42 * len(texts))
        axes = picture.subplots()
        image = axes.imshow(values, cmap="Blues", vmin=lowest, vmax=1, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            ink = "white" if value > lowest + 0.6 * (1 - lowest) else "#222222"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=8)
        numbers = [str(i + 1) for i in range(len(texts))]
        named = [f"{text}  {number}" for text, number in zip(texts, numbers, strict=True)]
        axes.set_yticks(range(len(texts)), named)
        axes.set_xticks(range(len(texts)), numbers)
        axes.set_title(title)
        axes.set_ylabel(sides[0])
        axes.set_xlabel(sides[1])
        picture.colorbar(image, ax=axes, label="cosine", shrink=0.85)
    return picture
