"""The microworld's texts to be read: lives, what is asked of them, and opinions."""

import dataclasses
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from companion import microworld as mw
from companion.microworld.lexicon import CITIES, PEOPLE
from companion.microworld.parallel import split_of
from companion.microworld.roles import _spans as roles_of


def by_hand() -> mw.Lives:
    """Anna lives in Paris. Tom lives in the same city as Anna. Tom used to live in Rome."""
    text = "Anna lives in Paris. Tom lives in the same city as Anna. Tom used to live in Rome."
    ends = [0, *(i + 1 for i, letter in enumerate(text) if letter == ".")]
    sentences = tuple((a + (a > 0), b) for a, b in pairwise(ends))
    claims = (
        mw.Claim("Anna", "home", "is", "Paris"),
        mw.Claim("Tom", "home", "same", "Anna"),
        mw.Claim("Tom", "home", "was", "Rome"),
    )
    names = ("Paris", "Anna", "Rome")
    values = tuple(
        (text.index(name, begin), text.index(name, begin) + len(name))
        for name, (begin, _) in zip(names, sentences, strict=True)
    )
    values = (values[0], (51, 55), values[2])
    agents = ((0, 4), (21, 24), (57, 60))
    truth = {"home": {"Anna": "Paris", "Tom": "Paris"}, "job": {"Anna": "", "Tom": ""}}
    return mw.Lives("x", text, "en", ("Anna", "Tom"), claims, sentences, values, agents, truth)


def test_the_same_arguments_give_the_same_texts_in_both_languages_by_the_same_plan():
    assert mw.lives(3, seed=1) == mw.lives(3, seed=1)
    english, chinese = mw.lives(5), mw.lives(5, language="zh")
    assert [life.claims for life in english] == [life.claims for life in chinese]
    assert [life.truth for life in english] == [life.truth for life in chinese]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_span_holds_what_its_claim_names(language):
    zh = {life.id: life for life in mw.lives(20, language="zh")}
    for life in mw.lives(20, language=language):
        everything = life.claims, life.values, life.agents, life.sentences
        for claim, span, agent, sentence in zip(*everything, strict=True):
            assert sentence[0] <= span[0] < span[1] <= sentence[1]
            person = PEOPLE[claim.person].zh[""][0][0], claim.person.replace("_", " ")
            assert life.text[slice(*agent)] in (*person, "He", "She", "他", "她")
            named = life.text[slice(*span)]
            if claim.form == "same":
                expected = claim.value.replace("_", " "), PEOPLE[claim.value].zh[""][0][0]
                assert named in expected
            elif claim.topic == "home":
                assert named in (claim.value, CITIES[claim.value].zh[""][0][0])
        assert (language == "zh") == (life == zh[life.id])


def test_what_a_test_text_says_is_true_of_nobody_in_training():
    for split in ("train", "test"):
        for life in mw.lives(30, split=split):
            for people in life.truth.values():
                for person, value in people.items():
                    assert not value or split_of(tuple(sorted((person, value)))) == split


def test_the_truth_follows_from_the_claims_and_from_nothing_else():
    for life in mw.lives(60, people=5):
        for topic, people in life.truth.items():
            for person, value in people.items():
                told = life.told_by(topic, person)
                assert bool(told) == bool(value)
                if told:
                    assert life.claims[told[-1]].value == value
                    assert [life.claims[i].form for i in told] == ["same"] * (len(told) - 1) + [
                        "is"
                    ]


def test_answers_by_hand():
    readings = list(mw.READINGS["answers"](by_hand(), Random(0)))
    homes = [(r.second, r.answer, r.start, r.kind) for r in readings if "job" not in r.second]
    # Paris begins at 14; Rome, where Tom used to live, is no answer; jobs are not told.
    assert homes == [
        ("Where does Anna live?", "Paris", 14, "home, 1 hops"),
        ("Where does Tom live?", "Paris", 14, "home, 2 hops"),
    ]
    assert {(r.answer, r.start) for r in readings if "job" in r.second} == {("", -1)}


def test_relations_by_hand():
    found = {r.second: r.answer for r in mw.READINGS["relations"](by_hand(), Random(0))}
    assert found["Anna ; Paris"] == found["Tom ; Paris"] == "lives in"
    assert found["Tom ; Rome"] == "lived in"
    assert found.get("Anna ; Rome", "none") == "none"


def verdicts_of(life: mw.Lives) -> dict[str, str]:
    drawn = (mw.READINGS["verdicts"](life, Random(seed)) for seed in range(200))
    return {reading.second: reading.answer for made in drawn for reading in made}


def test_a_statement_follows_contradicts_or_may_be_either():
    life = by_hand()
    found = verdicts_of(life)
    assert found["Tom lives in Paris."] == "yes"
    assert found["Tom does not live in Paris."] == "no"
    assert found["Anna lives in Rome."] == "no"  # she lives in Paris, and in one city only
    assert found["Anna and Tom live in one city."] == "yes"
    # Without the second sentence Tom has left Rome, and may be anywhere else.
    truth = life.truth | {"home": {"Anna": "Paris", "Tom": ""}}
    vague = dataclasses.replace(life, claims=(life.claims[0], life.claims[2]), truth=truth)
    found = verdicts_of(vague)
    assert found["Tom lives in Rome."] == "no"
    assert found["Tom lives in Paris."] == found["Tom does not live in Paris."] == "open"
    assert found["Anna and Tom live in one city."] == "open"


def test_a_summary_says_city_by_city_who_lives_there():
    (summary,) = mw.READINGS["summaries"](by_hand(), Random(0))
    assert summary.answer == "Anna and Tom live in Paris."


def test_a_reply_to_and_who_depends_on_the_talk_before():
    drawn = (mw.READINGS["replies"](by_hand(), Random(seed)) for seed in range(20))
    said = {reading.second: reading.answer for made in drawn for reading in made}
    assert said["Where does Anna live? She lives in Paris. And Tom?"] == "He lives in Paris, too."
    assert said["What is Anna's job? I do not know her job. And Tom?"] == "I do not know his job."


def test_an_answer_stands_where_it_is_said_to_in_both_languages():
    for language in ("en", "zh"):
        for r in mw.readings("answers", 60, language=language):
            assert r.answer == (r.text[r.start : r.start + len(r.answer)] if r.start >= 0 else "")


def test_kinds_of_readings_come_evenly():
    labels = [r.answer for r in mw.readings("verdicts", 300)]
    shares = [labels.count(verdict) / 300 for verdict in mw.VERDICTS]
    assert min(shares) > 0.2  # three classes: nobody gets far by always saying one


def test_a_judgement_turned_round_is_the_opposite_of_its_adjective():
    good = {english for a in mw.ASPECTS for english, _, praise in a.adjectives if praise}
    for opinion in mw.opinions(60, judged=2):
        if opinion.label == "not mentioned":
            continue
        nouns = {noun for a in mw.ASPECTS if a.name == opinion.aspect for noun, _ in a.nouns}
        clause = next(
            part
            for part in opinion.text.replace(" , but no longer", "").replace(" and ", " . ")
            .replace(" , but ", " . ").split(" . ")
            if nouns & set(part.split())
        )  # fmt: skip
        praised = bool(good & set(clause.split()))
        turned = opinion.kind == "turned round"
        assert opinion.label == ("positive" if praised != turned else "negative")


def test_without_the_aspect_a_review_gives_no_answer_away():
    made = mw.opinions(300)
    commonest = Counter(opinion.label for opinion in made).most_common(1)[0][1]
    assert commonest / 300 < 0.4
    # Of one review's judgements some praise and some blame: its mood as a whole is no help.
    by_review: dict[str, set[str]] = {}
    for opinion in made:
        if opinion.label != "not mentioned":
            by_review.setdefault(opinion.group, set()).add(opinion.label)
    assert sum(len(labels) == 2 for labels in by_review.values()) > 20


def test_a_brief_text_says_one_thing_of_each_and_is_asked_about_nothing_else():
    for life in mw.lives(30, people=3, brief=True):
        assert {claim.topic for claim in life.claims} <= set(life.topics)
        assert len(life.topics) == 1
        assert len({claim.person for claim in life.claims}) == len(life.claims) <= 3
    words = {"home": "live", "job": "job"}
    for what in mw.READINGS:
        for reading in mw.readings(what, 40, people=3, brief=True):
            about = {t for t, word in words.items() if f" {word}" in reading.second}
            assert len(about) < 2
            assert len(reading.text) < len(mw.lives(1, people=3)[0].text)
    found = {r.kind for r in mw.readings("answers", 200, people=3, brief=True)}
    assert {"home, 1 hops", "home, 2 hops", "home, 3 hops"} < found  # short, yet not easy


def test_of_a_single_person_everything_can_be_asked_but_what_takes_two():
    for what in ("answers", "relations", "verdicts", "summaries"):
        for reading in mw.readings(what, 20, people=1):
            assert "one city" not in reading.second
            assert "one job" not in reading.second
    (life,) = mw.lives(1, people=1)
    assert list(mw.READINGS["replies"](life, Random(0))) == []


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: mw.lives(1, people=0), "0 people"),
        (lambda: mw.lives(1, split="dev"), "split 'dev'"),
        (lambda: mw.readings("riddles", 1), "no readings are called 'riddles'"),
        (lambda: mw.opinions(1, judged=6), "6 aspects"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_roles_say_what_every_name_of_a_text_is_to_whom_is_asked_about():
    # Anna lives in Paris. Tom lives in the same city as Anna. Tom used to live in Rome.
    life = by_hand()
    paris, anna, rome = life.values
    subjects = [life.text[slice(*span)] for span in life.agents]
    assert subjects == ["Anna", "Tom", "Tom"]
    first, second, third = life.agents
    assert list(roles_of(life, ["Anna"])) == [(*first, "first"), (*paris, "own")]
    toms = [(*second, "first"), (*anna, "same"), (*third, "first"), (*rome, "was")]
    # Tom's city takes two sentences: it is Anna's, who is like him in that.
    assert list(roles_of(life, ["Tom"])) == [(*first, "like first"), (*paris, "own"), *toms]
    # Asked whether they live in one city: Rome is what Tom had, and he is the second.
    both = [(*first, "first"), (*paris, "both"), (*second, "second"), (*anna, "same")]
    assert list(roles_of(life, ["Anna", "Tom"])) == [*both, (*third, "second")]
    moved = dataclasses.replace(life, truth={"home": {"Anna": "Paris", "Tom": ""}})
    assert list(roles_of(moved, ["Tom", "Anna"]))[:2] == [(*first, "second"), (*paris, "other")]


def test_roles_are_drawn_for_questions_of_every_kind_and_split():
    made = mw.roles(60, people=3, each=3)
    assert made == mw.roles(60, people=3, each=3)
    assert {role for one in made for *_, role in one.spans} == set(mw.ROLES)
    assert (
        {";" in one.second for one in made} == {"?" in one.second for one in made} == {True, False}
    )
    assert max(Counter(one.group for one in made).values()) == 3
    assert not {one.text for one in made} & {one.text for one in mw.roles(60, split="test")}
