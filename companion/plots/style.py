"""The one quiet style of every figure: colours, `Picture`, names at the ends of lines."""

import io
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

COLOURS = ("#0072B2", "#D55E00", "#007A5A", "#882255", "#333333", "#8A6D00", "#CC79A7", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
STROKES = ("-", "--", "-.", ":", "-", "--", "-.", ":")
STYLE = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}
_CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans GB", "Heiti SC",
    "Microsoft YaHei", "SimHei", "Arial Unicode MS",
)  # fmt: skip


class Picture(Figure):
    """A matplotlib figure that shows itself in a notebook, and describes itself in words."""

    def __init__(self, width: float = 6.4, height: float = 3.4):
        super().__init__(figsize=(width, height), dpi=110, layout="constrained")

    def png(self) -> bytes:
        """The picture as a PNG file, the same bytes on every run of one machine."""
        buffer = io.BytesIO()
        with rc_context(style()):
            self.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": self.png(), "text/plain": repr(self)}, {
            "image/png": {"alt": self.description()}
        }

    def description(self) -> str:
        """Titles and axes in words, the figure's own first."""
        visible = (axes for axes in self.axes if axes.get_visible())
        panels = "; ".join(words for axes in visible if (words := _described(axes)))
        whole = ": ".join(part for part in (self.get_suptitle(), panels) if part)
        return whole.replace("\n", " ")

    def __repr__(self):
        return f"<Picture: {self.description()}>"


def _described(axes: Axes) -> str:
    """A panel's title and axes: "Learning (loss over step)"; nothing for what has no title.

    Of panels that share an axis only those at the edge name it.
    """
    title, x, y = axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()
    if x and y:
        return f"{title} ({y} over {x})".strip()
    return title + (f" over {x}" if x else f" ({y})" if title and y else "")


def label(text: str, romanised: str) -> str:
    """`text` where an installed font can draw it, else `romanised`: label("爱", "ai")."""
    return text if text.isascii() or cjk_font() else romanised


def label_ends(axes: Axes, ends: Sequence[tuple[str, float, float, int]]) -> None:
    """Write each line's name right of its last point, pushed apart where they would touch."""
    right = axes.get_xlim()[1]
    axes.set_ylim(axes.get_ylim())  # freeze the view: the labels must not move it
    place = axes.transData + axes.transAxes.inverted()
    heights = {name: place.transform((x, y))[1] for name, x, y, _ in ends}
    gap = 0.062 * 3.4 / axes.figure.get_figheight()
    placed = spread(heights, gap)
    for name, x, y, index in ends:
        moved = abs(placed[name] - heights[name]) > 0.2 * gap or x < right * 0.7
        axes.annotate(
            textwrap.fill(name, 40), (x, y), xycoords="data", xytext=(1.03, placed[name]),
            textcoords="axes fraction", va="center", color=COLOURS[index % len(COLOURS)],
            fontsize=8.5, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "linewidth": 0.6} if moved else None,
        )  # fmt: skip


def spread(heights: Mapping[str, float], gap: float) -> dict[str, float]:
    """The same heights in the same order, at least `gap` apart; clusters grow from their middle."""
    clusters: list[tuple[list[str], float]] = []  # names from low to high, and their mean height
    for name in sorted(heights, key=heights.__getitem__):
        members, middle = [name], heights[name]
        while clusters:
            below, centre = clusters[-1]
            apart = middle - centre - gap * (len(members) + len(below)) / 2
            if apart >= 0:
                break
            clusters.pop()
            members = below + members
            middle = sum(heights[member] for member in members) / len(members)
        clusters.append((members, middle))
    return {
        name: middle + gap * (position - (len(members) - 1) / 2)
        for members, middle in clusters
        for position, name in enumerate(members)
    }


def line(index: int) -> dict[str, str]:
    return {
        "color": COLOURS[index % len(COLOURS)],
        # One on for each round of the colours: a colour that comes again has another mark.
        "marker": MARKERS[(index + index // len(COLOURS)) % len(MARKERS)],
        "linestyle": STROKES[index % len(STROKES)],
    }


def plain_log_ticks(axes: Axes) -> None:
    """1, 2, 5, 10, 20 … written out instead of powers of ten."""
    low, high = axes.get_ylim()
    ticks = [m * 10.0**e for e in range(-3, 9) for m in (1, 2, 5) if low <= m * 10.0**e <= high]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def style() -> dict:
    font = cjk_font()
    return STYLE | ({"font.family": [*STYLE["font.family"], font]} if font else {})


@cache
def cjk_font() -> str | None:
    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in _CJK_FONTS if name in installed), None)


def need(things: Mapping, noun: str) -> None:
    if not things:
        raise ValueError(f"nothing to draw; give at least one {noun}")
