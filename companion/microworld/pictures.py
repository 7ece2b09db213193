"""Small pictures of coloured shapes, and what they show in English and Chinese. Synthetic.

One to three things stand in a grid of cells. Where there are several, one is large and the others,
small, stand in its row or its column: the caption says of the large one where it is. So every
picture has exactly one caption. A combination of a colour and a shape belongs to one split.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from .lexicon import COLOURS
from .parallel import SPLITS, split_of
from .sampling import pick, stream

GRID, CELL = 3, 10  # cells a side, pixels a cell
SIDE = GRID * CELL
PIXELS = {"small": 5, "large": 9}  # odd, so that a shape has a middle; a cell has room for 1 more
INKS = {
    "red": (0.85, 0.12, 0.12),
    "blue": (0.12, 0.25, 0.85),
    "green": (0.10, 0.60, 0.20),
    "yellow": (0.95, 0.80, 0.10),
    "purple": (0.50, 0.15, 0.65),
    "black": (0.08, 0.08, 0.08),
    "brown": (0.45, 0.27, 0.10),
    "pink": (0.98, 0.55, 0.70),
}
SHAPES = ("circle", "square", "triangle", "cross", "diamond")
# What the first thing is to the other, by the step (down, right) from the first to the other.
RELATIONS = {(0, 1): "left of", (0, -1): "right of", (1, 0): "above", (-1, 0): "below"}
_PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("at the left", "in the middle", "at the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
_ZH_PLACES = (("左上角", "上边", "右上角"), ("左边", "中间", "右边"), ("左下角", "下边", "右下角"))
_ZH = {
    "circle": "圆形",
    "square": "正方形",
    "triangle": "三角形",
    "cross": "十字形",
    "diamond": "菱形",
    "small": "小",
    "large": "大",
    "left of": "左边",
    "right of": "右边",
    "above": "上边",
    "below": "下边",
}
_TRIES = 10_000  # in a row without a new caption; with few captions left a draw still finds them


@dataclass(frozen=True)
class Thing:
    """A shape of one colour and size whose first pixel is `top` pixels down and `left` across."""

    size: str
    colour: str
    shape: str
    top: int
    left: int

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column in the grid."""
        return self.top // CELL, self.left // CELL

    def named(self, language: str) -> str:
        """A small red circle, 一个小的红色圆形."""
        if language == "en":
            return f"a {self.size} {self.colour} {self.shape}"
        (colour, _), *_ = COLOURS[self.colour].forms("zh", "")
        return f"一个{_ZH[self.size]}的{colour}{_ZH[self.shape]}"


@dataclass(frozen=True)
class Scene:
    """Things in a picture; the first is the one that the caption is about."""

    id: str
    things: tuple[Thing, ...]
    split: str

    def caption(self, language: str = "en") -> str:
        """What the picture shows; `language` is "en" or "zh".

        >>> scenes(1, things=[2])[0].caption()
        'a large red diamond is below a small blue diamond'
        """
        if language not in ("en", "zh"):
            raise ValueError(f"language is {language!r}; captions are in en and zh")
        first, *others = self.things
        if not others:
            return _place(first, language)
        said = sorted(((relation(first, other), other) for other in others), key=_order)
        if language == "en":
            parts = (f"{how} {other.named('en')}" for how, other in said)
            return f"{first.named('en')} is {' and '.join(parts)}"
        parts = (f"在{other.named('zh')}的{_ZH[how]}" for how, other in said)
        return first.named("zh") + "，也".join(parts)

    def turned(self) -> "Scene":
        """Half a turn of the places, not of the shapes: every relation becomes its opposite."""
        things = tuple(
            replace(one, top=end - one.top, left=end - one.left)
            for one in self.things
            for end in [SIDE - PIXELS[one.size]]
        )
        return replace(self, id=f"{self.id}, turned", things=things)


def relation(first: Thing, other: Thing) -> str:
    """Where the first thing is, seen from the other; `ValueError` for neither row nor column."""
    (row, column), (other_row, other_column) = first.cell, other.cell
    step = np.sign(other_row - row), np.sign(other_column - column)
    if step not in RELATIONS:
        raise ValueError(f"cells {first.cell} and {other.cell} share neither a row nor a column")
    return RELATIONS[step]


def _order(said: tuple[str, Thing]) -> int:
    return list(RELATIONS.values()).index(said[0])


def _place(thing: Thing, language: str) -> str:
    row, column = thing.cell
    if language == "en":
        return f"{thing.named('en')} is {_PLACES[row][column]}"
    return f"{thing.named('zh')}在{_ZH_PLACES[row][column]}"


def draw(scene: Scene) -> np.ndarray:
    """The picture: red, green and blue of each pixel, 0 to 1, float32 (`SIDE`, `SIDE`, 3)."""
    picture = np.ones((SIDE, SIDE, 3), np.float32)  # white paper
    for thing in scene.things:
        inside = stencil(thing.shape, PIXELS[thing.size])
        end = thing.top + len(inside), thing.left + len(inside)
        picture[thing.top : end[0], thing.left : end[1]][inside] = INKS[thing.colour]
    return picture


def stencil(shape: str, pixels: int) -> np.ndarray:
    """Which of `pixels` × `pixels` belong to a shape, boolean; `ValueError` for another shape.

    >>> stencil("diamond", 3).astype(int)
    array([[0, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    y, x = np.mgrid[-1 : 1 : pixels * 1j, -1 : 1 : pixels * 1j].round(9)  # 0 is the middle
    inside = {
        "circle": x**2 + y**2 <= 1.3,  # a little more than 1: pixels are not points
        "square": np.ones_like(x, bool),
        "triangle": np.abs(x) <= (y + 1) / 2,
        "cross": np.minimum(np.abs(x), np.abs(y)) <= 1 / 3,
        "diamond": np.abs(x) + np.abs(y) <= 1,
    }
    if shape not in inside:
        raise ValueError(f"no shape is called {shape!r}; there are {', '.join(SHAPES)}")
    return inside[shape]


def combinations(split: str) -> list[tuple[str, str]]:
    """The (colour, shape) pairs of a split."""
    return [
        (colour, shape)
        for colour in INKS
        for shape in SHAPES
        if split_of(tuple(sorted((colour, shape)))) == split
    ]


def scenes(
    count: int, seed: int = 0, split: str = "train", things: Sequence[int] = (1, 2, 3)
) -> list[Scene]:
    """`count` scenes with different captions, each of so many `things`, drawn evenly; synthetic.

    In a scene of "validation" or "test" one thing, whichever, has a combination of that split; all
    others are of "train". Raises `ValueError` for another split, for numbers of things outside 1 to
    3, and for more scenes than there are captions.
    """
    if split not in SPLITS or not things or not set(things) <= {1, 2, 3}:
        raise ValueError(
            f"split {split!r} and things {tuple(things)}: wanted one of {', '.join(SPLITS)}, and "
            "numbers from 1 to 3"
        )
    rng, made = stream(f"pictures-{split}-{tuple(things)}", seed), {}
    tries = 0
    while len(made) < count:
        scene = Scene(f"{split}-{seed}-{len(made)}", _things(rng, split, pick(rng, things)), split)
        tries = tries + 1 if scene.caption() in made else 0
        if tries > _TRIES:
            raise ValueError(
                f"count is {count}, and the split {split!r} has few more captions than {len(made)}"
                f" with {tuple(things)} things; ask for fewer"
            )
        made.setdefault(scene.caption(), scene)
    return list(made.values())


def _things(rng: Random, split: str, count: int) -> tuple[Thing, ...]:
    """The large thing (alone it may be small), then others in its row and column."""
    marked = int(rng.random() * count)
    kinds = [pick(rng, combinations(split if i == marked else "train")) for i in range(count)]
    row, column = (int(rng.random() * GRID) for _ in range(2))
    cells = {(row, column): "large" if count > 1 else pick(rng, tuple(PIXELS))}
    around = list(RELATIONS)
    while len(cells) < count:
        down, right = around.pop(int(rng.random() * len(around)))  # each direction once
        room = [
            (row + down * far, column + right * far)
            for far in range(1, GRID)
            if 0 <= row + down * far < GRID and 0 <= column + right * far < GRID
        ]
        if room:
            cells[pick(rng, room)] = "small"
    return tuple(
        _thing(rng, size, kind, cell)
        for (cell, size), kind in zip(cells.items(), kinds, strict=True)
    )


def _thing(rng: Random, size: str, kind: tuple[str, str], cell: tuple[int, int]) -> Thing:
    """A thing near the middle of its cell."""
    free = (CELL - PIXELS[size]) // 2
    top, left = (CELL * place + free + int(rng.random() * 2) for place in cell)
    return Thing(size, *kind, top, left)
