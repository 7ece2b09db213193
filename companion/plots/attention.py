"""The figures of chapter 4: who looks where, positions, cost, and what the scale does."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from .style import Picture, label_ends, line, need, style


def attention_maps(
    maps: Mapping[str, Sequence[Sequence[float]]],
    targets: Sequence[str],
    sources: Sequence[str] | None = None,
) -> Picture:
    """Weights as shades from 0 to 1, a panel a title: rows look, columns are looked at.

    Raises `ValueError` when the words do not fit a matrix.
    """
    need(maps, "matrix of weights")
    sources = targets if sources is None else sources
    with rc_context(style() | {"axes.grid": False}):
        width = min(9.6, 1.6 + len(maps) * (1.2 + 0.36 * len(sources)))
        picture = Picture(width=width, height=max(2.2, 1.5 + 0.27 * len(targets)))
        upright = 90 if len(sources) > 4 else 0
        panels = picture.subplots(1, len(maps), sharey=True, squeeze=False)[0]
        for axes, (title, weights) in zip(panels, maps.items(), strict=True):
            image = _shades(axes, weights, (len(targets), len(sources)))
            axes.set_title(title)
            axes.set_xticks(range(len(sources)), sources, rotation=upright)
            axes.set_yticks(range(len(targets)), targets)
            axes.set_xlabel("is looked at")
        panels[0].set_ylabel("looks")
        picture.colorbar(image, ax=list(panels), label="attention weight", shrink=0.85)
    return picture


def masks(allowed: Mapping[str, Sequence[Sequence[bool]]]) -> Picture:
    """Boolean masks side by side: a filled cell means that the row may attend to the column."""
    need(allowed, "mask")
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=1.2 + 2.1 * len(allowed), height=2.7)
        panels = picture.subplots(1, len(allowed), squeeze=False)[0]
        for axes, (title, mask) in zip(panels, allowed.items(), strict=True):
            values = np.asarray(mask, dtype=np.float64)
            axes.imshow(values, cmap="Blues", vmin=0, vmax=1.6)
            for axis, size in ((axes.xaxis, values.shape[1]), (axes.yaxis, values.shape[0])):
                axis.set_ticks(range(size))
                axis.set_ticks(np.arange(size + 1) - 0.5, minor=True)
            axes.grid(True, which="minor", color="#BBBBBB", linewidth=0.6)
            axes.tick_params(which="minor", length=0)
            axes.set_title(title)
            axes.set_xlabel("source position")
        panels[0].set_ylabel("target position")
    return picture


def positions(table: Sequence[Sequence[float]], products: Mapping[str, Sequence[float]]) -> Picture:
    """Left, a table of position vectors (time, width) as shades; right, products by distance."""
    need(products, "line of products")
    with rc_context(style()):
        picture = Picture(width=9.0, height=3.4)
        left, right = picture.subplots(1, 2, width_ratios=(1.25, 1))
        left.grid(False)
        image = left.imshow(np.asarray(table), cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
        left.set_title("sine and cosine positions")
        left.set_xlabel("column of the vector")
        left.set_ylabel("position")
        picture.colorbar(image, ax=left, label="value")
        ends = []
        for index, (name, values) in enumerate(products.items()):
            right.plot(range(len(values)), values, **(line(index) | {"marker": ""}))
            ends.append((name, len(values) - 1, float(values[-1]), index))
        right.set_title("near is alike")
        right.set_xlabel("distance (positions)")
        right.set_ylabel("product (1 at distance 0)")
        label_ends(right, ends)
    return picture


def look_back(by_head: Mapping[str, Sequence[float]]) -> Picture:
    """The mean attention weight at each distance back, a line a head."""
    need(by_head, "head")
    with rc_context(style()):
        picture = Picture(width=7.0)
        axes = picture.subplots()
        ends = []
        for index, (name, values) in enumerate(by_head.items()):
            axes.plot(range(len(values)), values, **line(index))
            ends.append((name, len(values) - 1, float(values[-1]), index))
        axes.set_title("How far back each head looks")
        axes.set_xlabel("characters back (0 = the character itself)")
        axes.set_ylabel("mean attention weight")
        label_ends(axes, ends)
    return picture


def cost(
    lengths: Sequence[int],
    milliseconds: Mapping[str, Sequence[float]],
    mebibytes: Mapping[str, Sequence[float]],
) -> Picture:
    """Time and memory against length on logarithmic axes, a line a name, slopes 1 and 2 beside."""
    need(milliseconds, "line of times")
    with rc_context(style()):
        picture = Picture(width=9.6, height=3.4)
        panels = picture.subplots(1, 2)
        units = ("time (milliseconds)", "memory (MiB)")
        for axes, unit, lines in zip(panels, units, (milliseconds, mebibytes), strict=True):
            ends = []
            for index, (name, values) in enumerate(lines.items()):
                axes.plot(lengths, values, **line(index))
                ends.append((name, lengths[-1], float(values[-1]), index))
            axes.set_xscale("log")
            axes.set_yscale("log")
            _guides(axes, lengths, max(float(values[-1]) for values in lines.values()))
            axes.xaxis.set_major_locator(FixedLocator(lengths))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.set_xlabel("length T (tokens)")
            axes.set_ylabel(unit)
            label_ends(axes, ends)
    return picture


def scale_effects(
    widths: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[float]]]
) -> Picture:
    """A panel a quantity against the key width d_k: `{"entropy (nats)": {"no scale": […], …}}`."""
    need(panels, "quantity")
    with rc_context(style()):
        picture = Picture(width=3.2 * len(panels), height=3.0)
        row = picture.subplots(1, len(panels), squeeze=False)[0]
        for axes, (unit, lines) in zip(row, panels.items(), strict=True):
            for index, (name, values) in enumerate(lines.items()):
                axes.plot(widths, values, label=name, **line(index))
            every = [value for values in lines.values() for value in values]
            if min(every) > 0 and max(every) > 50 * min(every):
                axes.set_yscale("log")
            axes.set_xscale("log", base=2)
            axes.set_xticks(widths, [f"{width}" for width in widths])
            axes.set_xlabel("key width d_k")
            axes.set_ylabel(unit)
            axes.legend(fontsize=8, frameon=False)
    return picture


def _shades(axes: Axes, weights: Sequence[Sequence[float]], shape: tuple[int, int]):
    """One matrix of weights; every weight from 1 % is written into its cell."""
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != shape:
        raise ValueError(
            f"the weights are {values.shape}, the words {shape}; give one word a row and a column"
        )
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if max(shape) <= 12:
        for (row, column), value in np.ndenumerate(values):
            if value >= 0.01:
                colour = "white" if value > 0.6 else "#222222"
                written = f"{value:.2f}".lstrip("0")
                axes.text(column, row, written, ha="center", va="center", color=colour, fontsize=7)
    return image


def _guides(axes: Axes, lengths: Sequence[int], last: float) -> None:
    """Thin lines of slope 1 and 2 to the highest last point, to read growth against."""
    ends = np.array([lengths[0], lengths[-1]], dtype=np.float64)
    for power, name in ((1, "linear: T"), (2, "quadratic: T²")):
        heights = last * (ends / ends[1]) ** power
        axes.plot(ends, heights, color="#AAAAAA", linewidth=0.9, zorder=1)
        axes.annotate(
            name, (ends[0], heights[0]), xytext=(10, -5), textcoords="offset points",
            color="#666666", fontsize=8,
        )  # fmt: skip
