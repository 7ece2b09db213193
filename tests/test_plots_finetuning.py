"""The figures of chapter 10: that they show the numbers they were given, and can be read."""

import numpy as np
import pytest

from companion import plots

STACKS = {
    "frozen": {"block 1": (0, 100), "head": (6, 6)},
    "LoRA": {"block 1": (20, 100), "head": (6, 6)},
}
MAPS = {"before": (np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), ["HUM", "LOC", "HUM"])}
GROUPS = {
    "questions": {"full": (0.96, 0.94, 0.98), "scratch": (0.8, 0.75, 0.85)},
    "spam": {"scratch": (0.9, 0.88, 0.92)},
}
CURVES = {"questions": {"full": {0.01: (0.5, 0.4, 0.6), 1.0: (0.9, 0.8, 1.0)}}}
TAGS = ("O", "B-PER", "I-PER")


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def every_picture():
    return [
        plots.what_moves(STACKS),
        plots.class_maps(MAPS),
        plots.moved({"frozen": (10, (0.7, 0.6, 0.8))}, {"words": 0.65}),
        plots.stopped({"training": [0.4, 0.6, 0.8], "validation": [0.5, 0.6, 0.4]}, 20, 1),
        plots.next_tags({"rules": np.zeros((3, 3))}, TAGS),
        plots.forest(GROUPS, {"questions": 0.93}, "The record"),
        plots.data_curves(CURVES),
    ]


def test_every_picture_of_chapter_10_is_a_small_png_that_describes_its_axes():
    for picture in every_picture():
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_what_moves_is_filled_in_proportion_and_counted_below():
    (axes,) = plots.what_moves(STACKS).axes
    # a fill and a frame for each of two parts of two methods: 0, 6/6, 20/100 and 6/6 of 0.78
    widths = [patch.get_width() for patch in axes.patches]
    assert widths[::2] == pytest.approx([0, 0.78, 0.156, 0.78])
    assert widths[1::2] == pytest.approx([0.78] * 4)
    assert texts(axes) == ["6", "26"]


def test_a_part_that_moves_very_little_can_still_be_seen():
    (axes,) = plots.what_moves({"LoRA": {"block 1": (1, 1_000_000)}}).axes
    assert axes.patches[0].get_width() == pytest.approx(0.05 * 0.78)


def test_a_class_has_its_points_and_a_place_in_the_legend():
    picture = plots.class_maps(MAPS)
    human, place = picture.axes[0].collections
    assert human.get_offsets().tolist() == [[0.0, 1.0], [2.0, 2.0]]
    assert place.get_offsets().tolist() == [[1.0, 0.0]]
    assert [text.get_text() for text in picture.legends[0].get_texts()] == ["HUM", "LOC"]


def test_moved_draws_the_interval_at_the_count():
    (axes,) = plots.moved({"frozen": (10, (0.7, 0.6, 0.8))}, {"words": 0.65}).axes
    whisker, point, level = axes.get_lines()
    assert list(whisker.get_ydata()) == pytest.approx([60, 80])
    assert (point.get_xdata()[0], point.get_ydata()[0]) == pytest.approx((10, 70))
    assert list(level.get_ydata()) == pytest.approx([65, 65])
    assert texts(axes) == ["frozen", "words"]


def test_the_best_interval_is_marked_at_its_step():
    (axes,) = plots.stopped({"training": [0.4, 0.6, 0.8]}, 20, 1).axes
    curve, mark = axes.get_lines()
    assert list(curve.get_xdata()) == [20, 40, 60]
    assert list(curve.get_ydata()) == pytest.approx([40, 60, 80])
    assert list(mark.get_xdata()) == [40, 40]


def test_a_pair_of_tags_that_is_forbidden_reads_never():
    pairs = np.zeros((3, 3))
    pairs[0, 2] = -1e4
    axes = plots.next_tags({"rules": pairs}, TAGS).axes[0]
    assert texts(axes)[2] == "never"  # row O, column I-PER
    assert texts(axes).count("0.0") == 8


def test_a_forest_has_a_line_a_method_and_one_colour_a_name():
    (axes,) = plots.forest(GROUPS, {"questions": 0.93}).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["full", "scratch", "scratch"]
    assert texts(axes) == ["questions", "spam"]
    bars = [drawn for drawn in axes.get_lines() if len(drawn.get_xdata()) == 2]
    assert list(bars[0].get_xdata()) == pytest.approx([94, 98])
    assert list(bars[2].get_xdata()) == pytest.approx([93, 93])  # the bar of its group
    assert bars[1].get_color() == bars[3].get_color() != bars[0].get_color()


def test_no_two_of_many_methods_look_alike_in_a_forest():
    rows = {f"method {n}": (0.9, 0.8, 1.0) for n in range(20)}
    (axes,) = plots.forest({"questions": rows}).axes
    points = [drawn for drawn in axes.get_lines() if len(drawn.get_xdata()) == 1]
    assert len({(point.get_color(), point.get_marker()) for point in points}) == 20


def test_a_learning_curve_has_its_points_near_their_shares():
    (axes,) = plots.data_curves(CURVES).axes
    (curve,) = axes.get_lines()
    assert list(curve.get_xdata()) == pytest.approx([1, 100])
    assert list(curve.get_ydata()) == pytest.approx([50, 90])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1 %", "100 %"]


def test_what_does_not_fit_together_is_said():
    with pytest.raises(ValueError, match="2 labels"):
        plots.class_maps({"map": (np.zeros((3, 2)), ["a", "b"])})
    with pytest.raises(ValueError, match="there are 3 tags"):
        plots.next_tags({"rules": np.zeros((2, 2))}, TAGS)
    with pytest.raises(ValueError, match="best is 3"):
        plots.stopped({"training": [0.4, 0.6, 0.8]}, 20, 3)


def test_nothing_to_draw_is_said():
    for draw in (
        lambda: plots.what_moves({}),
        lambda: plots.class_maps({}),
        lambda: plots.moved({}, {}),
        lambda: plots.stopped({}, 1, 0),
        lambda: plots.next_tags({}, TAGS),
        lambda: plots.forest({}),
        lambda: plots.data_curves({}),
    ):
        with pytest.raises(ValueError, match="nothing to draw"):
            draw()
