"""What chapter 6 adds to its figures: a level that cannot be passed, shades that begin above 0."""

import numpy as np

from companion import plots


def test_a_limit_is_a_second_level_and_ticks_stand_where_was_measured():
    curves = {"dynamic": {10: 0.1, 20: 0.5}, "static": {10: 0.1, 30: 0.4}}
    (axes,) = plots.masked_accuracy(curves, ("always de", 0.05), ("at best", 0.8)).axes
    levels = [list(line.get_ydata()) for line in axes.get_lines()[2:]]
    assert levels == [[5, 5], [80, 80]]
    assert axes.get_xticks().tolist() == [10, 20, 30]
    assert [text.get_text() for text in axes.texts][2:] == ["always de", "at best"]


def test_shades_may_begin_above_zero():
    axes, _ = plots.alike(np.eye(2), ["one", "two"], "Alike", lowest=0.6).axes
    assert axes.get_images()[0].get_clim() == (0.6, 1)
