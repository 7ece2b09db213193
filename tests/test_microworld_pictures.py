"""The microworld's pictures: drawn by hand, captioned once, split by combination."""

from collections import Counter

import numpy as np
import pytest

from companion import microworld as mw
from companion.microworld.parallel import SPLITS
from companion.microworld.pictures import CELL, GRID, INKS, SHAPES, SIDE, combinations, stencil

RED, BLUE = INKS["red"], INKS["blue"]


def by_hand(*things):
    return mw.Scene("x", things, "train")


def square_and_circle():
    """A large red square in the middle, a small blue circle at the right of the middle row."""
    return by_hand(
        mw.Thing("large", "red", "square", 10, 11), mw.Thing("small", "blue", "circle", 12, 23)
    )


def test_a_picture_by_hand():
    picture = mw.draw(square_and_circle())
    assert picture.shape == (SIDE, SIDE, 3) == (30, 30, 3)
    assert picture.dtype == np.float32
    ink = (picture < 1).any(axis=2)
    # A square of 9 × 9 pixels; a circle of 5 × 5 without its 4 corners.
    assert ink.sum() == 81 + 25 - 4
    assert np.allclose(picture[10:19, 11:20], RED)
    assert np.allclose(picture[14, 23:28], BLUE)
    assert (picture[12, 23] == 1).all()


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ("circle", [".###.", "#####", "#####", "#####", ".###."]),
        ("square", ["#####"] * 5),
        ("triangle", ["..#..", "..#..", ".###.", ".###.", "#####"]),
        ("cross", ["..#..", "..#..", "#####", "..#..", "..#.."]),
        ("diamond", ["..#..", ".###.", "#####", ".###.", "..#.."]),
    ],
)
def test_each_small_shape_pixel_by_pixel(shape, rows):
    drawn = ["".join(".#"[int(inside)] for inside in row) for row in stencil(shape, 5)]
    assert drawn == rows


def test_captions_by_hand_in_both_languages():
    scene = square_and_circle()
    assert scene.caption() == "a large red square is left of a small blue circle"
    assert scene.caption("zh") == "一个大的红色正方形在一个小的蓝色圆形的左边"
    alone = by_hand(mw.Thing("small", "pink", "cross", 22, 3))
    assert alone.caption() == "a small pink cross is at the bottom left"
    assert alone.caption("zh") == "一个小的粉色十字形在左下角"


def test_of_three_things_the_relations_come_in_one_order_however_the_things_are_listed():
    first, right = square_and_circle().things
    under = mw.Thing("small", "green", "diamond", 23, 12)
    said = "a large red square is left of a small blue circle and above a small green diamond"
    assert by_hand(first, right, under).caption() == by_hand(first, under, right).caption() == said
    zh = "一个大的红色正方形在一个小的蓝色圆形的左边，也在一个小的绿色菱形的上边"
    assert by_hand(first, under, right).caption("zh") == zh


def test_half_a_turn_makes_every_relation_its_opposite_and_two_turns_none():
    scene = square_and_circle()
    turned = scene.turned()
    # 30 pixels less 9 of the square less 11 before it: 10 before it.
    assert [(one.top, one.left) for one in turned.things] == [(11, 10), (13, 2)]
    assert turned.caption() == "a large red square is right of a small blue circle"
    assert turned.turned().things == scene.things


def test_the_same_seed_gives_the_same_scenes_and_another_seed_others():
    assert mw.scenes(20, seed=1) == mw.scenes(20, seed=1)
    assert mw.scenes(20, seed=1) != mw.scenes(20, seed=2)


def test_no_caption_comes_twice_and_pictures_of_other_captions_differ():
    scenes = mw.scenes(300)
    assert len({scene.caption() for scene in scenes}) == 300
    assert len({scene.caption("zh") for scene in scenes}) == 300
    assert len({mw.draw(scene).tobytes() for scene in scenes}) == 300


def test_every_thing_stands_within_its_cell_and_no_two_in_one():
    for scene in mw.scenes(200, seed=3):
        cells = [thing.cell for thing in scene.things]
        assert len(set(cells)) == len(cells)
        for thing in scene.things:
            pixels = len(stencil(thing.shape, {"small": 5, "large": 9}[thing.size]))
            for start in (thing.top, thing.left):
                assert start // CELL == (start + pixels - 1) // CELL < GRID
        assert [thing.size for thing in scene.things[1:]] == ["small"] * (len(cells) - 1)


def test_a_held_out_combination_is_in_no_training_scene_and_once_in_a_test_scene():
    splits = {split: set(combinations(split)) for split in SPLITS}
    assert sum(map(len, splits.values())) == len(set.union(*splits.values())) == 8 * 5
    assert all(len(found) >= 4 for found in splits.values())
    for split in SPLITS:
        for scene in mw.scenes(100, split=split):
            kinds = [(thing.colour, thing.shape) for thing in scene.things]
            own = sum(kind in splits[split] for kind in kinds)
            assert own == (len(kinds) if split == "train" else 1)
            assert all(kind in splits["train"] | splits[split] for kind in kinds)


def test_every_held_out_colour_and_shape_is_known_from_training():
    known = combinations("train")
    assert {colour for colour, _ in known} == set(INKS)
    assert {shape for _, shape in known} == set(SHAPES)


def test_the_four_relations_and_the_numbers_of_things_come_about_evenly():
    scenes = mw.scenes(400, things=(2, 3))
    # Draws are even; captions already made are drawn again, and two things have fewer.
    counts = Counter(len(scene.things) for scene in scenes)
    assert 0.4 < counts[2] / 400 < 0.6
    two = [scene.caption() for scene in scenes if len(scene.things) == 2]
    for words in ("left of", "right of", "above", "below"):
        assert 0.15 < sum(words in caption for caption in two) / len(two) < 0.35


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="things \\(4,\\)"):
        mw.scenes(1, things=[4])
    with pytest.raises(ValueError, match="few more captions"):
        mw.scenes(100_000, split="test", things=[1])
    with pytest.raises(ValueError, match="'fr'"):
        square_and_circle().caption("fr")
    with pytest.raises(ValueError, match="'star'"):
        stencil("star", 5)
    diagonal = mw.Thing("small", "blue", "circle", 22, 23)
    with pytest.raises(ValueError, match="neither a row nor a column"):
        by_hand(square_and_circle().things[0], diagonal).caption()
