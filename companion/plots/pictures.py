"""The figures of chapter 10's pictures: with their captions, and where a word is looked for."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context

from .style import Picture, need, style


def picture_grid(
    pictures: Sequence[np.ndarray], captions: Sequence[str], patch: int = 10, columns: int = 4
) -> Picture:
    """Pictures, their captions above, cut by lines into patches of `patch` pixels.

    `pictures` are (height, width, 3), values 0 to 1. Raises `ValueError` for no picture, and for
    another number of captions.
    """
    _one_each(pictures, captions)
    rows = -(-len(pictures) // columns)
    with rc_context(style()):
        figure = Picture(width=2.2 * min(columns, len(pictures)), height=2.8 * rows)
        panels = figure.subplots(rows, min(columns, len(pictures)), squeeze=False).ravel()
        for place, axes in enumerate(panels):
            if place >= len(pictures):
                axes.set_axis_off()
                continue
            _show(axes, np.asarray(pictures[place]), captions[place], 26)
            side = pictures[place].shape[0]
            axes.set_xticks(np.arange(0, side + 1, patch) - 0.5, range(0, side + 1, patch))
            axes.set_yticks(np.arange(0, side + 1, patch) - 0.5, range(0, side + 1, patch))
            axes.set_xlabel("pixels", fontsize=7.5)
            axes.set_ylabel("pixels" if place % columns == 0 else "", fontsize=7.5)
            axes.tick_params(labelsize=7, length=2)
    return figure


def word_attention(
    picture: np.ndarray, words: Sequence[str], weights: np.ndarray, columns: int = 6
) -> Picture:
    """One picture a word: bright where the decoder looks to say it, dark where it does not.

    `weights` (words, cells, cells), each word's sum to 1; the share of the brightest cell stands
    below. Raises `ValueError` for no word, and for another number of weights.
    """
    _one_each(weights, words)
    rows, picture = -(-len(words) // columns), np.asarray(picture)
    with rc_context(style() | {"axes.grid": False}):
        figure = Picture(width=1.35 * min(columns, len(words)), height=1.85 * rows)
        panels = figure.subplots(rows, min(columns, len(words)), squeeze=False).ravel()
        for place, axes in enumerate(panels):
            if place >= len(words):
                axes.set_axis_off()
                continue
            cells = np.asarray(weights[place])
            size = picture.shape[0] // cells.shape[0]
            light = np.kron(cells / cells.max(), np.ones((size, size)))[..., None]
            _show(axes, picture * (0.25 + 0.75 * light), words[place], 20)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel(f"{cells.max():.0%} in one", fontsize=7.5)
            axes.set_ylabel("looked at" if place % columns == 0 else "", fontsize=7.5)
    return figure


def _one_each(pictures, texts) -> None:
    need({"pictures": 1} if len(texts) else {}, "picture")
    if len(pictures) != len(texts):
        raise ValueError(f"{len(pictures)} pictures and {len(texts)} texts; give one for each")


def _show(axes, picture: np.ndarray, title: str, width: int) -> None:
    axes.imshow(np.clip(picture, 0, 1), interpolation="nearest")
    axes.set_title(textwrap.fill(title, width), fontsize=8, loc="left")
    axes.grid(color="#DDDDDD", linewidth=0.6)
