"""The figures of chapter 10's pictures: that they show what they were given, and can be read."""

import numpy as np
import pytest

from companion import plots

RED = np.full((30, 30, 3), [1.0, 0.0, 0.0])


def test_every_picture_is_a_small_png_that_describes_its_axes():
    for figure in (
        plots.picture_grid([RED] * 5, ["red"] * 5),
        plots.word_attention(RED, ["a", "red"], np.full((2, 3, 3), 1 / 9)),
    ):
        data, metadata = figure._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_a_grid_has_a_panel_a_picture_with_its_caption_and_lines_between_patches():
    figure = plots.picture_grid([RED, RED * 0.5, RED], ["one", "two", "three"], columns=2)
    panels = [axes for axes in figure.axes if axes.get_images()]
    assert [axes.get_title(loc="left") for axes in panels] == ["one", "two", "three"]
    assert panels[1].get_images()[0].get_array()[0, 0].tolist() == [0.5, 0, 0]
    assert [tick.get_text() for tick in panels[0].get_xticklabels()] == ["0", "10", "20", "30"]


def test_a_word_is_bright_where_it_is_looked_at_and_a_quarter_as_bright_where_it_is_not():
    weights = np.zeros((1, 3, 3))
    weights[0, 0, 2] = 1
    (axes,) = plots.word_attention(RED, ["red"], weights).axes
    shown = axes.get_images()[0].get_array()
    assert shown[5, 25, 0] == 1  # the cell at the top right
    assert shown[25, 5, 0] == pytest.approx(0.25)
    assert axes.get_xlabel() == "100% in one"


def test_pictures_and_texts_are_as_many():
    with pytest.raises(ValueError, match="1 pictures and 2 texts"):
        plots.picture_grid([RED], ["one", "two"])
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.word_attention(RED, [], np.zeros((0, 3, 3)))
