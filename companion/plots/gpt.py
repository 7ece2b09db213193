"""The figures of chapter 7: windows, the stream, learning, the axis, where parameters are."""

from collections.abc import Mapping, Sequence

from matplotlib import rc_context
from matplotlib.patches import Rectangle

from .style import COLOURS, Picture, label_ends, line, need, style


def shifted(tokens: Sequence[str], context_length: int) -> Picture:
    """A text cut into windows: what is read, and under it what is to be said at that place.

    Raises `ValueError` where the tokens do not fill one window and what follows it.
    """
    count = (len(tokens) - 1) // context_length if context_length > 0 else 0
    if count < 1:
        raise ValueError(
            f"{len(tokens)} tokens and windows of {context_length}: give at least "
            f"{context_length + 1} tokens"
        )
    used = count * context_length
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=1.4 + 0.78 * used, height=1.9)
        axes = picture.subplots()
        for place in range(used):
            left = place + 0.35 * (place // context_length)
            for row, colour, token in ((1, 0, tokens[place]), (0, 1, tokens[place + 1])):
                box = {"facecolor": "white", "edgecolor": COLOURS[colour], "linewidth": 1.4}
                axes.add_patch(Rectangle((left + 0.04, row * 1.5), 0.92, 0.8, **box))
                axes.text(left + 0.5, row * 1.5 + 0.4, token, ha="center", va="center", fontsize=9)
            axes.annotate(
                "", (left + 0.5, 0.85), (left + 0.5, 1.45),
                arrowprops={"arrowstyle": "-|>", "color": "#888888"},
            )  # fmt: skip
        axes.set_xlim(-0.1, used + 0.35 * count)
        axes.set_ylim(-0.1, 2.4)
        axes.set_yticks([1.9, 0.4], ["reads", "is to say"])
        axes.set_xticks([])
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel(f"places of the text, in windows of {context_length}")
        axes.set_ylabel("")
        axes.set_title("Every place is asked for what comes next")
    return picture


def stream_width(widths: Mapping[str, Sequence[float]]) -> Picture:
    """The width of the residual stream before each block and after the last, a line a start."""
    need(widths, "initialisation")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.2)
        axes = picture.subplots()
        ends = []
        for index, (name, values) in enumerate(widths.items()):
            axes.plot(range(len(values)), values, **line(index))
            ends.append((name, len(values) - 1, float(values[-1]), index))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("blocks passed")
        axes.set_ylabel("standard deviation of the stream")
        axes.set_title("How wide the stream is before training")
        axes.xaxis.get_major_locator().set_params(integer=True)
        label_ends(axes, ends)
    return picture


def learning_curves(
    curves: Mapping[str, Mapping[float, float]], title: str, guess: float | None = None
) -> Picture:
    """Losses against the training step, a line a run, named at its end: `{"GPT": {10: 6.2, …}}`.

    `guess` draws the loss of a model that knows nothing.
    """
    need(curves, "run")
    with rc_context(style()):
        picture = Picture(width=7.0, height=3.2)
        axes = picture.subplots()
        ends = []
        for index, (name, points) in enumerate(curves.items()):
            axes.plot(list(points), list(points.values()), **line(index))
            ends.append((name, max(points), points[max(points)], index))
        if guess is not None:
            axes.axhline(guess, color="#888888", linewidth=0.9, zorder=1)
            last = max(end[1] for end in ends)
            axes.text(last, guess, "guessing", ha="right", va="bottom", fontsize=8, color="#555555")
        axes.set_ylim(bottom=0, top=None if guess is None else 1.12 * guess)
        axes.set_xlabel("training step")
        axes.set_ylabel("loss (nats a token)")
        axes.set_title(title)
        label_ends(axes, ends)
    return picture


def the_axis(
    ngrams: Mapping[int, float],
    curves: Mapping[str, Sequence[Mapping[float, float]]],
    levels: Mapping[str, float],
    seconds: float,
) -> Picture:
    """The axis of the book: n-grams by order, and networks by seconds, in bits per character.

    `curves` are training bits, a curve a seed: `{"recurrent": [{2.5: 4.1, …}, …]}`; the seeds of a
    network share its colour and its name. `levels` are held-out bits of models that took longer
    than `seconds`, drawn level, as is the best n-gram model.
    """
    need(ngrams, "order")
    need(curves, "network")
    with rc_context(style()):
        picture = Picture(width=8.6, height=3.9)
        left, right = picture.subplots(1, 2, sharey=True, width_ratios=(2, 3))
        orders = sorted(ngrams)
        left.plot(orders, [ngrams[order] for order in orders], **line(0))
        left.set_xticks(orders)
        left.set_xlabel("order n of the n-gram model")
        left.set_ylabel("bits per character")
        left.set_title("Counting, in seconds")
        ends = []
        best = min(ngrams, key=ngrams.__getitem__)
        for index, (name, seeds) in enumerate(curves.items(), 1):
            for points in seeds:
                right.plot(list(points), list(points.values()), **(line(index) | {"markersize": 3}))
            last = sum(points[max(points)] for points in seeds) / len(seeds)
            ends.append((name, max(map(max, seeds)), last, index))
        first = min(min(points) for seeds in curves.values() for points in seeds)
        right.set_xscale("log")
        right.set_xlim(0.85 * first, 1.05 * seconds)
        level = [(f"n-gram of order {best}", ngrams[best], 0)]  # in its colour at the left
        for index, (name, bits) in enumerate(levels.items(), 1 + len(curves)):
            level.append((name, bits, index))
        for name, bits, index in level:
            right.axhline(bits, **(line(index) | {"marker": ""}))
            ends.append((f"{name} (held out): {bits:.2f}", seconds, bits, index))
        low, high = left.get_ylim()
        bottom = min(bits for _, bits, _ in level) - 0.05 * (high - low)
        left.set_ylim(min(low, bottom), min(5.0, high))
        marks = [t for t in (1, 2, 5, 10, 20, 60, 120, 300, 600, 1200) if first <= t <= seconds]
        right.set_xticks(marks, [str(mark) for mark in marks])
        right.minorticks_off()
        right.set_xlabel("seconds of training")
        right.set_title("Learning: training text, by the clock")
        label_ends(right, ends)
    return picture


def parameter_shares(parts: Mapping[str, Mapping[str, int]]) -> Picture:
    """What each model's parameters are: a bar a model, a colour a part, on its share of the whole.

    The total stands behind the name.
    """
    need(parts, "model")
    names = list(dict.fromkeys(part for model in parts.values() for part in model))
    with rc_context(style() | {"axes.grid": False}):
        picture = Picture(width=7.4, height=0.9 + 0.36 * len(parts))
        axes = picture.subplots()
        for height, model in enumerate(parts.values()):
            total, left = sum(model.values()), 0.0
            for index, name in enumerate(names):
                share = 100 * model.get(name, 0) / total
                axes.barh(
                    height, share, left=left, height=0.66, color=COLOURS[index], alpha=0.85,
                    hatch=("", "//", "..", "xx", "")[index % 5], edgecolor="white",
                    label=name if height == 0 else None,
                )  # fmt: skip
                left += share
        axes.set_yticks(
            range(len(parts)),
            [f"{name}: {sum(model.values()):,}" for name, model in parts.items()],
        )
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the parameters (%)")
        axes.set_ylabel("model")
        axes.set_title("Where the parameters are")
        axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return picture
