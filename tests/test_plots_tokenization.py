"""The figures of chapter 2: that boxes, bars and arcs have the sizes that they were given."""

import pytest
from matplotlib.patches import Arc, FancyBboxPatch

from companion import plots
from companion.plots import tokenization

BYTES = {"bytes": [("E6", 1), ("88", 1), ("91", 1), ("a", 1)], "characters": [("我", 3), ("a", 1)]}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def labels(ticks):
    return [label.get_text() for label in ticks]


def test_a_box_is_as_wide_as_its_token_has_bytes_and_rows_count_their_tokens():
    (axes,) = plots.cuts({"我a": BYTES}).axes
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    widths = [round(box.get_width() + 0.14) for box in boxes]  # 0.07 is left free on each side
    assert widths == [1, 1, 1, 1, 3, 1]
    assert labels(axes.get_yticklabels()) == ["bytes: 4", "characters: 2"]


def test_a_growing_word_has_a_row_a_merge_and_a_box_a_piece():
    states = {"start": ["l", "o", "w"], "l+o": ["lo", "w"]}
    (axes,) = plots.growing({"low": states}).axes
    assert texts(axes) == ["l", "o", "w", "lo", "w"]
    assert labels(axes.get_yticklabels()) == ["start", "l+o"]


def test_fertility_draws_every_point_and_names_every_line():
    lines = {"English": {256: 1.0, 512: 0.5}, "Chinese": {256: 3.0, 512: 1.5}}
    (axes,) = plots.fertility(lines).axes
    drawn = [(list(one.get_xdata()), list(one.get_ydata())) for one in axes.get_lines()]
    assert drawn == [(list(points), list(points.values())) for points in lines.values()]
    assert texts(axes) == list(lines)
    assert labels(axes.get_xticklabels()) == ["256", "512"]


def test_prices_are_bars_of_that_length_with_their_numbers():
    left, right = plots.prices({"en": {"a": 0.3, "b": 1.0}, "zh": {"a": 2.2, "b": 3.0}}).axes
    assert [bar.get_width() for bar in left.patches] == [0.3, 1.0]
    assert texts(right) == [" 2.20", " 3.00"]


def test_the_words_of_the_best_path_are_drawn_thicker():
    edges = [(0, 1, -2.0), (1, 2, -3.0), (0, 2, -4.0)]
    (axes,) = plots.word_graph("ab", edges, ["ab"]).axes
    arcs = [patch for patch in axes.patches if isinstance(patch, Arc)]
    assert [arc.width for arc in arcs] == [1, 1, 2]
    assert [arc.get_linewidth() > 2 for arc in arcs] == [False, False, True]


def test_every_picture_is_a_small_png_that_describes_its_axes():
    pictures = [
        plots.cuts({"我a": BYTES}),
        plots.growing({"low": {"start": ["l", "o", "w"]}}),
        plots.fertility({"三国演义": {256: 3.0, 512: 1.5}}),
        plots.prices({"三国演义": {"bytes": 3.0}}),
        plots.word_graph("研究", [(0, 2, -7.4)], ["研究"]),
    ]
    for picture in pictures:
        data, metadata = picture._repr_mimebundle_()
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]


def test_without_a_chinese_font_names_are_romanised_and_characters_give_their_code(monkeypatch):
    monkeypatch.setattr(tokenization, "cjk_font", lambda: None)
    assert tokenization._shown("ours, 三国演义") == "ours, Sanguo yanyi"
    assert tokenization._shown("我a") == "U+6211a"
    monkeypatch.setattr(tokenization, "cjk_font", lambda: "SimHei")
    assert tokenization._shown("我") == "我"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.cuts({}), "one text"),
        (lambda: plots.cuts({"a": {"x": [("a", 1)], "y": [("a", 2)]}}), "differ in bytes"),
        (lambda: plots.growing({}), "one word"),
        (lambda: plots.fertility({}), "one text"),
        (lambda: plots.prices({}), "one text"),
        (lambda: plots.word_graph("ab", [], ["a"]), "spells 'a', not 'ab'"),
    ],
)
def test_bad_input_is_named_in_the_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
