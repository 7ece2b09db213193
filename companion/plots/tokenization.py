"""The figures of chapter 2: where a text is cut, how words grow, what a character costs."""

from collections.abc import Mapping, Sequence

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Arc, FancyBboxPatch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from .style import COLOURS, Picture, cjk_font, label_ends, line, need, style

ROMANISED = {"三国演义": "Sanguo yanyi"}  # where no font can draw it
SHADES = ("#D6E6F2", "#F8E1D3")  # neighbouring tokens differ; the border says it again in grey
Pieces = Sequence[tuple[str, int]]  # what is written in a box, and how many bytes it stands for


def cuts(texts: Mapping[str, Mapping[str, Pieces]]) -> Picture:
    """One panel a text, one row a way to cut it, one box a token: `{text: {row: [("我", 3), …]}}`.

    The second number is the width of a box, in bytes of UTF-8, so that rows stand above each other.
    A name of a row gets its number of tokens. Raises `ValueError` where the rows of a panel are not
    equally long.
    """
    need(texts, "text")
    with rc_context(style() | {"axes.grid": False}):
        rows = [len(panel) for panel in texts.values()]
        picture = Picture(width=7.4, height=0.75 * len(texts) + 0.34 * sum(rows))
        panels = picture.subplots(len(texts), 1, squeeze=False, height_ratios=rows)[:, 0]
        for axes, (title, panel) in zip(panels, texts.items(), strict=True):
            need(panel, "row")
            lengths = {name: sum(width for _, width in pieces) for name, pieces in panel.items()}
            if len(set(lengths.values())) > 1:
                raise ValueError(f"the rows differ in bytes: {lengths}; cut one text in each row")
            names = [f"{name}: {len(pieces)}" for name, pieces in panel.items()]
            _rows_of_boxes(axes, names, list(panel.values()))
            axes.set_title(_shown(title))
            axes.set_xlabel("bytes of UTF-8")
    return picture


def growing(words: Mapping[str, Mapping[str, Sequence[str]]]) -> Picture:
    """A panel a word, a row a merge, the pieces of the word in boxes: `{word: {merge: pieces}}`."""
    need(words, "word")
    with rc_context(style() | {"axes.grid": False}):
        most = max(len(states) for states in words.values())
        picture = Picture(width=7.4, height=1.0 + 0.29 * most)
        panels = picture.subplots(1, len(words), sharey=True, squeeze=False)[0]
        for axes, (word, states) in zip(panels, words.items(), strict=True):
            boxes = [[(piece, len(piece)) for piece in pieces] for pieces in states.values()]
            _rows_of_boxes(axes, list(states), boxes)
            axes.set_title(_shown(word))
            axes.set_xlabel("character of the word")
        panels[0].set_ylabel("merge, from the first down")
    return picture


def fertility(lines: Mapping[str, Mapping[int, float]]) -> Picture:
    """Tokens per character against the size of the vocabulary, a line a text: `{text: {300: 1.2}}`.

    Both axes are logarithmic: a straight line halves the tokens each time the vocabulary grows by a
    constant factor.
    """
    need(lines, "text")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.6)
        axes = picture.subplots()
        ends = []
        for index, (name, points) in enumerate(lines.items()):
            axes.plot(list(points), list(points.values()), **line(index))
            last = max(points)
            ends.append((_shown(name), last, points[last], index))
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        sizes = sorted({size for points in lines.values() for size in points})
        _written_out(axes.xaxis, [size for size in sizes if size & (size - 1) == 0])
        low, high = axes.get_ylim()
        _written_out(
            axes.yaxis, [y for y in (0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3) if low <= y <= high]
        )
        axes.set_xlabel("tokens in the vocabulary")
        axes.set_ylabel("tokens per character")
        axes.set_title("What does a larger vocabulary buy?")
        label_ends(axes, ends)
    return picture


def prices(costs: Mapping[str, Mapping[str, float]]) -> Picture:
    """Bars of tokens per character, a panel a text, a bar a tokenizer: `{text: {"GPT-2": 0.3}}`."""
    need(costs, "text")
    with rc_context(style()):
        most = max(len(bars) for bars in costs.values())
        picture = Picture(width=7.4, height=1.1 + 0.27 * most)
        panels = picture.subplots(1, len(costs), sharex=True, sharey=True, squeeze=False)[0]
        for index, (axes, (text, bars)) in enumerate(zip(panels, costs.items(), strict=True)):
            axes.barh(range(len(bars)), list(bars.values()), color=COLOURS[index], height=0.66)
            for row, value in enumerate(bars.values()):
                axes.annotate(f" {value:.2f}", (value, row), va="center", fontsize=8)
            axes.set_yticks(range(len(bars)), [_shown(name) for name in bars])
            axes.set_ylim(most - 0.5, -0.5)
            axes.set_title(_shown(text))
            axes.set_xlabel("tokens per character")
            axes.grid(False, axis="y")
            axes.margins(x=0.16)
        panels[0].set_ylabel("tokenizer")
    return picture


def word_graph(text: str, edges: Sequence[tuple[int, int, float]], best: Sequence[str]) -> Picture:
    """A text's words as arcs over its characters, the words of the best path drawn thick.

    An edge is (first character, character after the last, ln P), with ln P in nats. Raises
    `ValueError` where the best path is not the text.
    """
    if "".join(best) != text:
        raise ValueError(f"the best path spells {''.join(best)!r}, not {text!r}")
    ends = [sum(map(len, best[: place + 1])) for place in range(len(best))]
    chosen = {(end - len(word), end) for word, end in zip(best, ends, strict=True)}
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=7.4, height=2.9)
        axes = picture.subplots()
        for start, end, score in edges:
            taken = (start, end) in chosen
            colour, span = (COLOURS[1] if taken else "#999999"), end - start
            arc = Arc(((start + end) / 2, 0.5), span, 0.9 * span, theta1=0, theta2=180,
                      color=colour, linewidth=2.4 if taken else 0.9)  # fmt: skip
            axes.add_patch(arc)
            axes.annotate(f"{score:.1f}", ((start + end) / 2, 0.5 + 0.45 * span), xytext=(0, 2),
                          textcoords="offset points", ha="center", fontsize=8,
                          color=colour)  # fmt: skip
        for place, char in enumerate(text):
            axes.text(place + 0.5, 0.22, _shown(char), ha="center", va="center", fontsize=14)
        axes.set_xlim(-0.1, len(text) + 0.1)
        axes.set_ylim(0, 0.95 + 0.45 * max(end - start for start, end, _ in edges))
        axes.set_xticks(range(len(text) + 1))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("place between two characters")
        axes.set_title("Each arc is a word with its ln P (nats); the thick path is the likeliest")
    return picture


def _rows_of_boxes(axes: Axes, names: Sequence[str], rows: Sequence[Pieces]) -> None:
    """Draw each row's pieces as boxes from left to right, the first row at the top."""
    for height, pieces in enumerate(rows):
        left = 0
        for place, (text, width) in enumerate(pieces):
            box = FancyBboxPatch(
                (left + 0.07, height - 0.34), width - 0.14, 0.68, linewidth=0.8,
                boxstyle="round,pad=0,rounding_size=0.12", edgecolor="#777777",
                facecolor=SHADES[place % 2],
            )  # fmt: skip
            axes.add_patch(box)
            axes.text(left + width / 2, height, _shown(text), ha="center", va="center",
                      fontsize=9 if len(text) <= 4 * width else 7)  # fmt: skip
            left += width
    axes.set_xlim(-0.1, sum(width for _, width in rows[0]) + 0.1)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_yticks(range(len(rows)), [_shown(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines["left"].set_visible(False)


def _written_out(axis, ticks: Sequence[float]) -> None:
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def _shown(text: str) -> str:
    """The text; where no installed font has ideographs, their romanisation or code points."""
    if cjk_font():
        return text
    for chinese, romanised in ROMANISED.items():
        text = text.replace(chinese, romanised)
    return "".join(f" U+{ord(c):X}" if "\u2e80" <= c <= "\uffef" else c for c in text).strip()
