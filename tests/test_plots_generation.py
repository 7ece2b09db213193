"""The figures of chapter 8: that they show the numbers they were given, and can be read."""

import pytest

from companion import plots

TREE = {"nice": (0.6, {"day": (0.5, {}), "cat": (0.5, {})}), "old": (0.4, {"man": (0.9, {})})}


def every_picture():
    return [
        plots.text_tree("The", TREE, ["nice", "day"], ["old", "man"]),
        plots.distributions(["a", "b"], {"all": [0.7, 0.3], "top-k": [1.0, 0.0]}),
        plots.speeds({"with": {16: 900.0, 32: 950.0}, "without": {16: 100.0, 32: 60.0}}),
        plots.trade({"temperature": {"0.5": (0.2, -1.0), "1": (0.8, -3.0)}}, real=(0.9, -3.1)),
    ]


def test_every_picture_of_chapter_8_is_a_small_png_that_describes_its_axes():
    for picture in every_picture():
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_a_leaf_of_the_tree_says_the_probability_of_its_text():
    (axes,) = plots.text_tree("The", TREE, ["nice", "day"], ["old", "man"]).axes
    said = [text.get_text() for text in axes.texts]
    # 0.6·0.5 and 0.4·0.9
    assert {"day   0.30", "cat   0.30", "man   0.36", "0.6", "0.9"} <= set(said)
    with pytest.raises(ValueError, match="token"):
        plots.text_tree("The", {}, [], [])


def test_a_bar_is_a_probability_and_a_cross_what_was_cut_off():
    first, second = plots.distributions(["a", "b"], {"all": [0.7, 0.3], "k": [1.0, 0.0]}).axes
    assert [bar.get_width() for bar in first.patches] == [0.7, 0.3]
    assert first.get_lines() == []
    (cross,) = second.get_lines()
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (0.0, 1)
    assert [label.get_text() for label in first.get_yticklabels()] == ["a", "b"]
    (axes,) = plots.distributions(["a", "b"], {"all": [0.99, 0.01]}).axes
    assert [text.get_text() for text in axes.texts] == ["0.010"]  # too short to be read
    with pytest.raises(ValueError, match="k: 1 probabilities for 2 tokens"):
        plots.distributions(["a", "b"], {"k": [1.0]})


def test_speed_is_drawn_over_the_length_on_logarithmic_axes():
    (axes,) = plots.speeds({"with": {16: 900.0, 32: 950.0}}).axes
    (drawn,) = axes.get_lines()
    assert (list(drawn.get_xdata()), list(drawn.get_ydata())) == ([16, 32], [900.0, 950.0])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_a_point_of_the_trade_has_its_setting_beside_it():
    (axes,) = plots.trade({"t": {"0.5": (0.2, -1.0), "1": (0.8, -3.0)}}, real=(0.9, -3.1)).axes
    assert [text.get_text() for text in axes.texts] == ["0.5", "1", "real text"]
    _, line, star = axes.get_lines()
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == [(0.2, -1.0), (0.8, -3.0)]
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([0.9], [-3.1])


def test_each_strategy_of_the_trade_has_its_panel_with_the_others_in_grey():
    points = {"t": {"1": (0.8, -3.0)}, "k": {"5": (0.4, -1.0)}, "p": {"0.9": (0.6, -2.0)}}
    panels = plots.trade(points).axes
    drawn = [axes for axes in panels if axes.get_lines()]
    assert [axes.get_title(loc="left").split(":")[0] for axes in drawn] == ["t", "k", "p"]
    assert plots.trade(points).description().count("nats a token over diversity") == 3
    # Three grey ones and its own.
    assert [len(axes.get_lines()) for axes in drawn] == [4, 4, 4]
