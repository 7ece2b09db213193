"""The figures of chapter 7: that they show the numbers they were given, and can be read."""

import pytest

from companion import plots

CURVES = {
    "GPT": [{4.0: 4.4, 60.0: 2.5}],
    "recurrent": [{2.0: 4.0, 60.0: 2.3}, {3.0: 6.5, 60.0: 2.2}],
}
PARTS = {"tiny": {"tokens": 30, "blocks": 70}, "large": {"tokens": 100, "blocks": 900}}


def lines(axes):
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_every_picture_of_chapter_7_is_a_small_png_that_describes_its_axes():
    for picture in (
        plots.shifted(["the", "cat", "sat", "on", "the"], 2),
        plots.stream_width({"plain": [1, 2, 3], "scaled": [1, 1.1, 1.2]}),
        plots.learning_curves({"GPT": {40: 5.9, 80: 4.5}}, "Learning", 6.2),
        plots.the_axis({1: 4.8, 2: 3.6}, CURVES, {"gpt-mini-en": 1.9}, 60),
        plots.parameter_shares(PARTS),
    ):
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_under_each_token_stands_the_next_one_of_the_text():
    (axes,) = plots.shifted(["a", "b", "c", "d", "e", "f"], 2).axes
    written = [text for text in texts(axes) if text]
    # Two windows of two; the last token fills no window, and e is only asked for.
    assert written == ["a", "b", "b", "c", "c", "d", "d", "e"]
    with pytest.raises(ValueError, match="3 tokens and windows of 3: give at least 4"):
        plots.shifted(["a", "b", "c"], 3)


def test_the_stream_is_measured_before_the_first_block_too():
    (axes,) = plots.stream_width({"plain": [1, 2, 4]}).axes
    assert lines(axes) == [([0, 1, 2], [1, 2, 4])]
    assert axes.get_ylim()[0] == 0


def test_the_loss_of_guessing_lies_above_the_curves_and_zero_below():
    curves = {"right": {10: 5.0, 20: 4.0}, "peeks": {10: 4.0, 20: 0.5}}
    (axes,) = plots.learning_curves(curves, "Too good", guess=6.0).axes
    assert lines(axes) == [([10, 20], [5, 4]), ([10, 20], [4, 0.5]), ([0, 1], [6, 6])]
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > 6
    assert {"guessing", "right", "peeks"} <= set(texts(axes))


def test_the_axis_has_orders_left_and_seconds_right_and_the_best_count_as_a_level():
    left, right = plots.the_axis({1: 4.8, 2: 2.1, 3: 2.2}, CURVES, {"card": 1.9}, 60).axes
    assert lines(left) == [([1, 2, 3], [4.8, 2.1, 2.2])]
    assert lines(right)[:2] == [([4, 60], [4.4, 2.5]), ([2, 60], [4.0, 2.3])]
    assert lines(right)[2:] == [([3, 60], [6.5, 2.2]), ([0, 1], [2.1, 2.1]), ([0, 1], [1.9, 1.9])]
    named = ["n-gram of order 2 (held out): 2.10", "card (held out): 1.90"]
    assert [t.replace("\n", " ") for t in texts(right) if ":" in t] == named
    assert right.get_xscale() == "log"


def test_the_seeds_of_a_network_share_a_colour_and_one_name_and_a_late_start_is_cut_off():
    left, right = plots.the_axis({1: 4.8, 2: 2.1}, CURVES, {}, 60).axes
    colours = [line.get_color() for line in right.get_lines()]
    assert colours[1] == colours[2] != colours[0]
    assert colours[3] == left.get_lines()[0].get_color()  # the count's
    assert texts(right).count("recurrent") == 1
    assert right.get_ylim()[1] <= 5 < 6.5


def test_shares_of_a_model_sum_to_a_hundred_and_its_total_is_named():
    (axes,) = plots.parameter_shares(PARTS).axes
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx([30, 70, 10, 90])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["tiny: 100", "large: 1,000"]


def test_nothing_to_draw_is_said():
    with pytest.raises(ValueError, match="at least one run"):
        plots.learning_curves({}, "none")
    for draw in (plots.stream_width, plots.parameter_shares):
        with pytest.raises(ValueError, match="nothing to draw"):
            draw({})
    with pytest.raises(ValueError, match="at least one network"):
        plots.the_axis({1: 4.8}, {}, {}, 60)
