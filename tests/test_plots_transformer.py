"""The figures of chapter 5: that they show the numbers they were given, and can be read."""

import numpy as np
import pytest

from companion import plots


def lines(axes):
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def every_picture():
    return [
        plots.architecture(["I", "am"], ["<start>"], ["wo"], 6),
        plots.by_depth({"size": {"pre": [1, 2], "post": [1, 1]}, "gradient": {"pre": [1e-9, 1]}}),
        plots.losses({"norm": {"pre": {10: 2.0, 20: 0.1}, "post": {10: 2.3, 20: 2.3}}}, 2.3),
        plots.rates({"short": [0.1, 0.2, 0.1], "long": [0.05, 0.1, 0.15]}),
        plots.confidence([0.1, 0.9], {"ε = 0": [2.3, 0.1]}),
        plots.alignment(np.eye(9, 12), "abcdefghi", "abcdefghijkl", [(0, 0), (5, 3)]),
        plots.quality({"bible, en→zh": {"model": (9, 8, 10), "nearest": (3, 2, 4)}}),
    ]


def test_every_picture_of_chapter_5_is_a_small_png_that_describes_its_axes():
    for picture in every_picture():
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_the_architecture_shows_what_is_read_seen_and_said_and_how_many_blocks():
    (axes,) = plots.architecture(["I", "am"], ["<start>", "wo"], ["wo", "shi"], 6).axes
    written = texts(axes)
    assert [written.count(word) for word in ("I", "<start>", "wo", "shi", "6 ×")] == [1, 1, 2, 1, 2]
    assert sum("attention" in words for words in written) == 3  # one left, two right
    with pytest.raises(ValueError, match="2 words shown and 1 wanted"):
        plots.architecture(["I"], ["<start>", "wo"], ["wo"], 6)


def test_depth_counts_blocks_from_one_on_a_logarithmic_axis():
    (axes,) = plots.by_depth({"size": {"pre": [1, 2, 4]}}).axes
    assert lines(axes) == [([1, 2, 3], [1, 2, 4])]
    assert axes.get_yscale() == "log"


def test_the_loss_of_guessing_is_a_level_line_below_the_curves():
    (axes,) = plots.losses({"norm": {"pre": {10: 2.0, 20: 0.1}}}, guess=2.3).axes
    assert lines(axes) == [([0, 1], [2.3, 2.3]), ([10, 20], [2.0, 0.1])]
    assert axes.get_ylim()[0] == 0


def test_a_rate_is_marked_at_its_peak_and_a_loss_at_its_least():
    (axes,) = plots.rates({"a": [0.1, 0.3, 0.2]}).axes
    assert lines(axes) == [([1, 2, 3], [0.1, 0.3, 0.2])]
    assert axes.get_lines()[0].get_markevery() == [1]
    (axes,) = plots.confidence([0.5, 0.9, 0.99], {"a": [0.7, 0.2, 0.4]}).axes
    assert axes.get_lines()[0].get_markevery() == [1]


def test_true_partners_are_framed_where_source_and_target_meet():
    axes, _ = plots.alignment(np.eye(2, 3), ["x", "y"], ["a", "b", "c"], [(2, 1)]).axes
    (frame,) = axes.patches
    assert frame.get_xy() == (1.5, 0.5)  # column 2, row 1, half a cell before its middle
    np.testing.assert_array_equal(axes.get_images()[0].get_array(), np.eye(2, 3))
    with pytest.raises(ValueError, match="one word a row"):
        plots.alignment(np.eye(2), ["x"], ["a", "b"])


def test_a_score_stands_on_its_interval():
    (axes,) = plots.quality({"text": {"model": (9, 8, 10.5)}, "other": {"model": (5, 4, 6)}}).axes
    assert [xs for xs, _ in lines(axes)] == [[8, 10.5], [9], [4, 6], [5]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["text", "other"]


def test_nothing_to_draw_is_said():
    for function in (plots.by_depth, plots.losses, plots.rates, plots.quality):
        with pytest.raises(ValueError, match="nothing to draw"):
            function({})
