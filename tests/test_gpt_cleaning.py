"""Cleaning a corpus against hand counts and the laws of MinHash."""

import numpy as np
import pytest

from companion.gpt.cleaning import (
    exact_duplicates,
    language,
    min_hashes,
    near_duplicates,
    quality_problems,
    resemblance,
    shingles,
)

PROSE = (
    "It was the best part of the day, and the children had come down to the river with their "
    "nets. They wanted to see that the boats of the fishermen were safe, for the wind had been "
    "strong in the night, and nobody could say what it had done to the harbour and the old pier."
)


def test_exact_duplicates_ignore_case_width_and_space():
    texts = ["The cat", "the  CAT\n", "a dog", "Ｔｈｅ cat", "a dog."]
    assert exact_duplicates(texts) == [1, 3]


def test_shingles_and_resemblance_by_hand():
    # abcd: ab, bc, cd; bcde: bc, cd, de. Two of four in common.
    assert shingles("AB\tcd", 2) == {"ab", "b ", " c", "cd"}
    assert resemblance(shingles("abcd", 2), shingles("bcde", 2)) == 0.5
    assert shingles("a", 5) == {"a"}


def test_hashes_agree_as_often_as_texts_resemble_each_other():
    # ±4σ of a share of 2,000: 4·√(0.25/2000) = 0.045.
    changed = PROSE.replace("river", "lake").replace("night", "morning")
    one, other = min_hashes([PROSE, changed], 2000)
    exact = resemblance(shingles(PROSE), shingles(changed))
    assert 0.5 < exact < 0.95
    assert np.mean(one == other) == pytest.approx(exact, abs=0.045)


def test_near_duplicates_are_those_that_comparing_all_pairs_finds():
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefgh "), 200)) for _ in range(30)]
    texts += [text[:190] + "zzzzzzzzzz" for text in texts[:5]] + [texts[7][:60] + texts[8][:140]]
    sets = [shingles(text) for text in texts]
    expected = [
        (i, j)
        for i in range(len(texts))
        for j in range(i + 1, len(texts))
        if resemblance(sets[i], sets[j]) >= 0.8
    ]
    assert (
        [pair[:2] for pair in near_duplicates(texts)] == expected == [(i, 30 + i) for i in range(5)]
    )
    with pytest.raises(ValueError, match="threshold is 0"):
        near_duplicates(texts, 0)


def test_languages_are_told_apart():
    assert language(PROSE) == "en"
    assert language("我在北京读书，他在上海 study。") == "zh"
    assert language("Der Hund und die Katze schlafen unter dem Tisch.") == "other"
    assert language("1234 !!") == "other"


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        (PROSE, []),
        (" ".join(PROSE.split()[:30]), ["number of words"]),
        (PROSE.replace(", ", " ####, "), ["symbols"]),
        (PROSE + " on ... on …" * 2 + " so # so #" * 2, []),  # 4 and 4 of 72
        ("\n".join("- " + line for line in PROSE.split(", ")), ["bullets"]),
        (PROSE.replace(", ", " ...\n") + "...", ["lines that break off"]),
        (PROSE + " 1234567" * 30, ["words without letters"]),
        ("river harbour fisherman " * 20, ["no common words"]),
        ("that have with be " + "donaudampfschiff " * 60, ["length of words"]),
    ],
)
def test_each_rule_of_quality_is_broken_alone(text, broken):
    assert quality_problems(text) == broken
