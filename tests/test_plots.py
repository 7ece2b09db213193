"""Figures: that they show the numbers they were given, and can be read."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import plots

SCORES = {"laplace": {1: 900.0, 2: 2000.0, 3: 5000.0}, "kneser_ney": {1: 900.0, 2: 300.0, 3: 270.0}}


def lines(axes):
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def every_picture():
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        plots.next_words({"of": [("the", 0.12), ("my", 0.05)], "king of": [("France", 0.2)]}),
        plots.perplexity_by_order(SCORES),
        plots.coverage({"words": {1: 0.03, 2: 0.3}, "characters": {1: 0.0, 2: 0.01}}),
        plots.zipf({"text": [100, 50, 33, 25]}),
        plots.growth([1000, 2000], {"n = 1": [300, 400], "n = 2": [800, 1500]}),
        plots.approach([1, 2, 3], [3.0, 2.5, 2.1], 2.0),
        plots.heat_map(np.eye(26), letters, letters),
        plots.attention_maps({"one head": np.eye(9), "another": np.eye(9)}, letters[:9]),
        plots.masks({"causal": np.tri(5), "a row": np.ones((1, 5))}),
        plots.positions(np.sin(np.outer(np.arange(50), np.arange(32))), {"width 32": [1, 0.5]}),
        plots.look_back({"head 1": [0.2, 0.5, 0.1], "head 2": [0.1, 0.1, 0.1]}),
        plots.cost([128, 256], {"dot products": [1, 4]}, {"weights": [2, 8], "queries": [1, 2]}),
        plots.scale_effects([4, 16], {"variance": {"no scale": [4, 16], "scaled": [1, 1]}}),
        plots.cooccurrence(np.eye(3), np.eye(3), "abc"),
        plots.word_map({"places": {"Rome": (0, 0), "Oslo": (0.01, 0)}, "numbers": {"one": (1, 1)}}),
        plots.senses({"noun": [0.5, 0.6], "verb": [-0.2]}, 0.3),
        plots.help_at_distance({"recurrent": {1: 1.2, 8: 0.1}, "n-grams": {1: 1.5, 2: 0.8}}),
        plots.same_text({1: 4.8, 2: 3.6}, {"recurrent": 2.3}),
    ]


def test_every_line_is_drawn_with_its_numbers_and_its_name():
    (axes,) = plots.perplexity_by_order(SCORES).axes
    assert lines(axes) == [(list(s), list(s.values())) for s in SCORES.values()]
    assert texts(axes) == list(SCORES)


def test_an_infinite_perplexity_is_told_in_the_name_of_its_line():
    scores = {"mle": {1: 900.0, 2: math.inf}, "laplace": {1: 910.0, 2: 2000.0}}
    (axes,) = plots.perplexity_by_order(scores).axes
    assert lines(axes)[0] == ([1], [900.0])
    assert texts(axes)[0] == "mle (infinite from order 2)"


def test_bars_have_the_height_of_their_probabilities_in_the_order_given():
    axes, _ = plots.next_words({"of": [("the", 0.12), ("my", 0.05)], "a": [("king", 0.3)]}).axes
    assert [bar.get_width() for bar in axes.patches] == [0.12, 0.05]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["the", "my"]


def test_a_context_without_followers_has_an_empty_panel():
    (axes,) = plots.next_words({"zebra": []}).axes
    assert not axes.patches


def test_zipf_ranks_the_counts_and_makes_shares_of_them():
    # 1, 3, 6 out of 10, whatever the order in which they come
    (axes,) = plots.zipf({"text": [3, 6, 1]}).axes
    ranks, shares = lines(axes)[0]
    assert ranks == [1, 2, 3]
    assert shares == pytest.approx([0.6, 0.3, 0.1])


def test_a_small_heat_map_writes_its_numbers_and_leaves_zeros_empty():
    axes, _ = plots.heat_map([[0.5, 0.5], [0, 1]], ["a", "b"], ["c", "d"]).axes
    assert texts(axes) == ["0.5", "0.5", "1"]


def test_attention_weights_from_one_per_cent_are_written_without_their_zero():
    first, _, _ = plots.attention_maps({"a": [[0.5, 0.004]], "b": [[1, 0]]}, ["x"], ["y", "z"]).axes
    assert texts(first) == [".50"]


def test_the_guides_of_the_cost_end_where_the_dearest_line_ends():
    left, _ = plots.cost([1, 10], {"a": [1, 50], "b": [1, 2]}, {"w": [1, 100]}).axes
    guides = [ys for _, ys in lines(left)[2:]]
    assert guides == [pytest.approx([5, 50]), pytest.approx([0.5, 50])]  # slopes 1 and 2


def test_a_network_is_a_level_line_whose_name_tells_its_bits():
    (axes,) = plots.same_text({2: 3.6, 1: 4.8}, {"recurrent": 2.336}).axes
    assert lines(axes) == [([1, 2], [4.8, 3.6]), ([0, 1], [2.336, 2.336])]
    assert texts(axes) == ["n-grams, modified Kneser–Ney", "recurrent: 2.34"]


def test_the_names_of_words_at_one_place_stand_apart():
    cities = {"Rome": (0, 0), "Oslo": (0, 0), "Bern": (1, 0), "Lima": (1, 0)}
    (axes,) = plots.word_map({"cities": cities, "one": {"Elsewhere": (3, 5)}}).axes
    assert texts(axes) == [*cities, "Elsewhere"]
    rome, oslo, bern, lima = (text.xyann for text in axes.texts[:4])
    assert rome[0] == oslo[0] < bern[0] == lima[0]  # a column on each side of the group
    assert abs(rome[1] - oslo[1]) >= 0.05 - 1e-9
    assert abs(bern[1] - lima[1]) >= 0.05 - 1e-9


def test_each_sense_adds_up_to_a_hundred_per_cent():
    (axes,) = plots.senses({"noun": [0.5, 0.6, 0.6], "verb": [-0.2]}, 0.3).axes
    heights = [bar.get_height() for bar in axes.patches]
    assert sum(heights) == pytest.approx(200)  # two histograms of 100 %


def test_a_matrix_that_does_not_fit_its_words_is_refused():
    with pytest.raises(ValueError, match="one word a row"):
        plots.cooccurrence(np.eye(3), np.eye(3), "ab")


def test_the_gap_of_a_training_curve_is_loss_minus_target():
    _, gap = plots.approach([1, 2], [3.0, 2.5], 2.0).axes
    assert lines(gap)[0][1] == pytest.approx([1.0, 0.5])


def test_every_picture_is_a_small_png_that_describes_its_axes():
    for picture in every_picture():
        data, metadata = picture._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG")
        assert len(data["image/png"]) < 120_000
        assert " over " in metadata["image/png"]["alt"]
        assert all(axes.get_xlabel() or axes.get_ylabel() for axes in picture.axes)


def test_the_same_numbers_give_the_same_bytes():
    first, second = (plots.zipf({"text": [3, 2, 1]}).png() for _ in range(2))
    assert first == second


@given(st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=9), st.floats(0.01, 0.2))
def test_spread_labels_never_touch_and_keep_their_order(heights, gap):
    before = {str(i): height for i, height in enumerate(heights)}
    after = plots.style.spread(before, gap)
    ranked = sorted(before, key=before.__getitem__)
    places = [after[name] for name in ranked]
    assert set(after) == set(before)
    assert all(b - a >= gap - 1e-9 for a, b in itertools.pairwise(places))


def test_labels_that_are_far_apart_stay_where_they_are():
    assert plots.style.spread({"a": 0.1, "b": 0.9}, 0.06) == {"a": 0.1, "b": 0.9}


def test_a_label_is_romanised_where_no_font_can_draw_it(monkeypatch):
    monkeypatch.setattr(plots.style, "cjk_font", lambda: None)
    assert plots.label("爱", "ai") == "ai"
    monkeypatch.setattr(plots.style, "cjk_font", lambda: "SimHei")
    assert plots.label("爱", "ai") == "爱"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.next_words({}), "one context"),
        (lambda: plots.zipf({}), "one text"),
        (lambda: plots.perplexity_by_order({"mle": {1: math.inf}}), "every score is infinite"),
        (lambda: plots.heat_map([[1, 2]], ["a"], ["b"]), r"\(1, 2\), the labels \(1, 1\)"),
        (lambda: plots.attention_maps({"a": [[1, 2]]}, ["a"]), r"\(1, 2\), the words \(1, 1\)"),
    ],
)
def test_bad_input_is_named_in_the_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
