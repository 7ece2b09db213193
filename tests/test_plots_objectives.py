"""The figures of chapter 9: that they show the numbers they were given, and can be read."""

import pytest

from companion import plots

ROWS = {"MLM": (["the", "[MASK]"], ["", "cat"]), "SimCSE": (["the", "cat"], ["twin"])}
SCORES = {
    "sentiment": {"MLM": (0.7, 0.65, 0.75), "T5": (0.8, 0.78, 0.82)},
    "tags": {"MLM": (0.5, 0.4, 0.6), "T5": (0.4, 0.3, 0.5)},
}

MANY = {name: {0: [0.4, 0.5], 80: [0.5 + place / 20, 0.6]} for place, name in enumerate("ABCDE")}


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def every_picture():
    return [
        plots.questions(ROWS),
        plots.probe_curves({"MLM": {0: [0.4, 0.5], 80: [0.8, 0.9]}}, {"untrained": 0.4}, "Probes"),
        plots.probe_curves(MANY, {"untrained": 0.4}, "Probes", apart=True),
        plots.ranking(SCORES, {"sentiment": {"untrained": 0.6}}),
    ]


def test_every_picture_of_chapter_9_is_a_small_png_that_describes_its_axes():
    for picture in every_picture():
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_every_panel_is_described_with_the_axes_that_it_names():
    apart = plots.probe_curves(MANY, {"untrained": 0.4}, "By probe", apart=True)
    assert apart.description() == (
        "By probe (dotted: untrained 40 %): A (accuracy (%)); B; C; D; "
        "E (accuracy (%) over training steps)"
    )
    assert plots.questions(ROWS).description() == "One text, many questions over tokens"
    assert plots.ranking(SCORES, {}).description() == (
        "sentiment (objective over probe accuracy (%)); tags over probe accuracy (%)"
    )


def test_what_is_not_asked_has_no_box():
    (axes,) = plots.questions(ROWS).axes
    assert texts(axes) == ["the", "[MASK]", "cat", "the", "cat", "twin", "is shown", "is asked for"]
    assert len(axes.patches) == 6
    assert [label.get_text() for label in axes.get_yticklabels()] == ["MLM", "SimCSE"]


def test_a_curve_is_the_mean_of_its_seeds_and_the_band_their_extremes():
    curves = {"MLM": {0: [0.4, 0.5], 80: [0.8, 0.9]}, "one seed": {0: [0.4], 80: [0.6]}}
    (axes,) = plots.probe_curves(curves, {"untrained": 0.4}, "Probes").axes
    mean, single, level = axes.get_lines()
    assert list(mean.get_ydata()) == pytest.approx([45, 85])
    assert list(single.get_ydata()) == pytest.approx([40, 60])
    assert list(level.get_ydata()) == pytest.approx([40, 40])
    (band,) = axes.collections
    (path,) = band.get_paths()
    assert path.vertices[:, 1].min() == pytest.approx(40)
    assert path.vertices[:, 1].max() == pytest.approx(90)


def test_many_curves_have_a_panel_each_before_all_others_in_grey():
    panels = plots.probe_curves(MANY, {"untrained": 0.4}, "Probes", apart=True).axes
    shown = [axes for axes in panels if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == list("ABCDE")
    # Four in the first row: a name of the axis between the rows would push them apart.
    assert [axes.get_xlabel() for axes in shown] == ["", "", "", "", "training steps"]
    for place, axes in enumerate(shown):
        *grey, own, level = axes.get_lines()
        assert {other.get_color() for other in grey} == {"#CCCCCC"}
        assert len(grey) == 4
        assert list(own.get_ydata()) == pytest.approx([45, (50 + 5 * place + 60) / 2])
        assert list(level.get_ydata()) == pytest.approx([40, 40])
        assert len(axes.collections) == 1


def test_a_ranking_has_the_order_of_its_first_panel_and_draws_intervals():
    left, right = plots.ranking(SCORES, {"sentiment": {"untrained": 0.6}}).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["MLM", "T5"]
    bar, point = left.get_lines()[:2]
    assert list(bar.get_xdata()) == pytest.approx([65, 75])
    assert list(point.get_xdata()) == pytest.approx([70])
    assert texts(left) == ["untrained"]
    assert texts(right) == []
    assert right.get_xlabel() == "probe accuracy (%)"
    (tuned,) = plots.ranking({"tuned": SCORES["tags"]}, {}, xlabel="accuracy (%)").axes
    assert tuned.get_xlabel() == "accuracy (%)"


def test_nothing_to_draw_is_said():
    for draw in (
        lambda: plots.questions({}),
        lambda: plots.probe_curves({}, {}, ""),
        lambda: plots.ranking({}, {}),
    ):
        with pytest.raises(ValueError, match="nothing to draw"):
            draw()
