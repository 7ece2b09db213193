"""The figures of chapter 6: that they show the numbers they were given, and can be read."""

import numpy as np
import pytest

from companion import plots


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def every_picture():
    return [
        plots.gaps(["a", "b"], ["a", "[MASK]"], [False, True]),
        plots.masked_accuracy({"dynamic": {10: 0.1, 20: 0.5}, "static": {10: 0.2, 20: 0.4}}),
        plots.alike(np.eye(2), ["one", "two"], "Alike"),
    ]


def test_every_picture_of_chapter_6_is_a_small_png_that_describes_its_axes():
    for picture in every_picture():
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_a_gap_shows_both_tokens_and_one_arrow_for_each_place_that_is_asked():
    shown, asked = ["x", "[MASK]", "z"], [False, True, True]
    (axes,) = plots.gaps(["x", "y", "z"], shown, asked).axes
    assert texts(axes) == ["x", "x", "y", "[MASK]", "z", "z"]
    arrows = [text for text in axes.texts if not text.get_text()]
    assert len(arrows) == 2
    with pytest.raises(ValueError, match="3 tokens, 3 shown, 1 choices"):
        plots.gaps(["x", "y", "z"], shown, [True])


def test_shares_are_drawn_in_percent_and_a_guess_as_a_level():
    (axes,) = plots.masked_accuracy({"dynamic": {10: 0.1, 20: 0.5}}, ("always de", 0.05)).axes
    curve, level = axes.get_lines()
    assert list(curve.get_ydata()) == [10, 50]
    assert list(level.get_ydata()) == [5, 5]
    assert texts(axes) == ["dynamic", "always de"]
    assert axes.get_ylim()[0] == 0


def test_cosines_are_written_into_their_cells():
    axes, _ = plots.alike([[1, 0.25], [0.25, 1]], ["one", "two"], "Alike").axes
    assert texts(axes) == ["1.00", "0.25", "0.25", "1.00"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one  1", "two  2"]
    with pytest.raises(ValueError, match=r"shape \(2, 2\) and there are 3 texts"):
        plots.alike(np.eye(2), ["a", "b", "c"], "Alike")


def test_nothing_to_draw_is_said():
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.masked_accuracy({})
    with pytest.raises(ValueError, match="0 tokens"):
        plots.gaps([], [], [])
