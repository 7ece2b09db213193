"""The figures of chapter 8: a tree of texts, filtered distributions, trade-offs, speeds."""

from collections.abc import Mapping, Sequence

from matplotlib import rc_context

from .style import COLOURS, Picture, label_ends, line, need, plain_log_ticks, style

Tree = Mapping[str, tuple[float, "Tree"]]  # a token, its probability, and what may follow it


def text_tree(start: str, tree: Tree, greedy: Sequence[str], best: Sequence[str]) -> Picture:
    """All texts as a tree from left to right, with the path of greed and that of the best text.

    A branch says its token's probability, a leaf that of its text. `greedy` and `best` are the
    tokens of a path each.
    """
    need(tree, "token")
    leaves = _count(tree)
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=7.2, height=0.7 + 0.42 * leaves)
        axes = picture.subplots()
        axes.text(-0.04, -(leaves - 1) / 2, start, ha="right", va="center", weight="bold")
        paths = (tuple(greedy), tuple(best))
        _grow(axes, tree, (0.0, -(leaves - 1) / 2), 0.0, (), 1.0, paths)
        for index, (name, height) in enumerate((("greedy", 0.9), ("the likeliest text", 0.55))):
            axes.plot([], [], label=name, **_stroke(index, height))
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0.0, 1.0))
        axes.set_xlim(-0.5, max(map(len, paths)) + 0.75)
        axes.set_ylim(-leaves + 0.4, 0.9)
        axes.set_axis_off()
        axes.set_title("A good beginning need not begin the best text")
        axes.set_xlabel("tokens")
        axes.set_ylabel("texts")
    return picture


def distributions(
    tokens: Sequence[str], panels: Mapping[str, Sequence[float]], columns: int = 4
) -> Picture:
    """A panel a filter: the probability of each token, the likeliest at the top.

    What a filter has cut off (probability 0) is marked by a cross; a bar that is too short to be
    read has its number. Raises `ValueError` for a panel with another number of tokens.
    """
    need(panels, "filter")
    for name, probs in panels.items():
        if len(probs) != len(tokens):
            raise ValueError(f"{name}: {len(probs)} probabilities for {len(tokens)} tokens")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    with rc_context(style()):
        picture = Picture(width=0.9 + 1.95 * columns, height=(0.55 + 0.2 * len(tokens)) * rows)
        grid = picture.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        widest = max(max(probs) for probs in panels.values())
        for axes, (name, probs) in zip(grid, panels.items(), strict=False):
            places = range(len(tokens))
            axes.barh(places, probs, color=COLOURS[0], height=0.72)
            for place, prob in zip(places, probs, strict=True):
                if prob == 0:
                    axes.plot(0.0, place, "x", color=COLOURS[1], markersize=5, clip_on=False)
                elif prob < widest / 20:
                    axes.annotate(
                        f"{prob:.3f}", (prob, place), xytext=(2, 0), fontsize=7, va="center",
                        textcoords="offset points", color="#555555",
                    )  # fmt: skip
            axes.set_title(name, fontsize=9)
            axes.grid(axis="y", visible=False)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        for axes in grid[::columns]:
            axes.set_yticks(range(len(tokens)), list(tokens), fontsize=8)
        grid[0].set_ylim(len(tokens) - 0.4, -0.6)
        grid[0].set_xlim(left=0)
        _name_axes(grid[: len(panels)], columns, "probability", "next token")
    return picture


def speeds(lines: Mapping[str, Mapping[int, float]]) -> Picture:
    """Tokens per second against the length of the text, both axes logarithmic; a line a way."""
    need(lines, "way")
    with rc_context(style()):
        picture = Picture(width=6.6, height=3.2)
        axes = picture.subplots()
        ends = []
        for index, (name, points) in enumerate(lines.items()):
            axes.plot(list(points), list(points.values()), **line(index))
            ends.append((name, max(points), points[max(points)], index))
        axes.set_yscale("log")
        axes.set_xscale("log", base=2)
        ticks = sorted({length for points in lines.values() for length in points})
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        label_ends(axes, ends)
        plain_log_ticks(axes)
        axes.set_title("What the cache saves grows with the text")
        axes.set_xlabel("tokens of text")
        axes.set_ylabel("tokens per second")
    return picture


def trade(
    strategies: Mapping[str, Mapping[str, tuple[float, float]]],
    real: tuple[float, float] | None = None,
) -> Picture:
    """Quality against diversity: {"temperature": {"0.5": (diversity, quality)}}, a line each.

    `real` is where human text lies.
    """
    need(strategies, "strategy")
    columns = min(2, len(strategies))
    rows = -(-len(strategies) // columns)
    with rc_context(style()):
        picture = Picture(width=3.8 * columns, height=2.3 * rows + 0.2)
        picture.suptitle("More diverse, less likely", fontsize=10, x=0.02, ha="left")
        panels = picture.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for index, (axes, (name, points)) in enumerate(
            zip(panels, strategies.items(), strict=False)
        ):
            for other in strategies.values():  # in every panel all of them, in grey
                axes.plot(*zip(*other.values(), strict=True), color="#DDDDDD", zorder=1)
            axes.plot(*zip(*points.values(), strict=True), **line(index))
            for setting, place in points.items():
                axes.annotate(
                    setting, place, xytext=(5, 4), fontsize=8, textcoords="offset points",
                    color=COLOURS[index % len(COLOURS)],
                )  # fmt: skip
            if real is not None:
                axes.plot(*real, "*", color="#333333", markersize=12)
                axes.annotate(
                    "real text", real, xytext=(-8, -3), fontsize=8, ha="right", color="#333333",
                    textcoords="offset points",
                )  # fmt: skip
            axes.set_title(name, fontsize=9)
            axes.margins(x=0.12)
        _name_axes(
            panels[: len(strategies)],
            columns,
            "diversity: distinct 2-grams, share of all",
            "mean log p, nats a token",
        )
        for axes in panels[len(strategies) :]:
            axes.set_axis_off()
    return picture


def _name_axes(panels, columns: int, across: str, up: str) -> None:
    """Name the axes of all panels, for who is told of them; who sees them needs the outer names."""
    for index, axes in enumerate(panels):
        axes.set_xlabel(across, visible=index >= len(panels) - columns)
        axes.set_ylabel(up, visible=index % columns == 0)


def _count(tree: Tree) -> int:
    return sum(_count(after) if after else 1 for _, after in tree.values())


def _stroke(index: int, width: float) -> dict:
    return {"color": COLOURS[index], "linewidth": 4.5 * width, "linestyle": ("--", "-")[index]}


def _grow(axes, tree, start, top, path, so_far, paths) -> None:
    """Draw the branches from `start`; they fill the height from `top` down."""
    for token, (prob, after) in tree.items():
        height = _count(after) if after else 1
        end = (start[0] + 1.0, -(-top + (height - 1) / 2))
        here = (*path, token)
        begin = (start[0] + (0.0 if not path else 0.3), start[1])
        axes.plot(*zip(begin, end, strict=True), color="#BBBBBB", linewidth=1.2, zorder=1)
        for index, marked in enumerate(paths):
            if marked[: len(here)] == here:
                axes.plot(
                    *zip(begin, end, strict=True), zorder=2 - index, **_stroke(index, 1 - index / 3)
                )
        middle = tuple((a + b) / 2 for a, b in zip(begin, end, strict=True))
        axes.text(
            *middle, f"{prob:g}", fontsize=8, ha="center", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}, zorder=3,
        )  # fmt: skip
        said = token if after else f"{token}   {so_far * prob:.2f}"
        axes.text(end[0] + 0.03, end[1], said, va="center", fontsize=9.5)
        _grow(axes, after, end, top, here, so_far * prob, paths)
        top -= height
