"""The microworld: gold annotations that are gold, splits that hold out, grammar that agrees."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import microworld
from companion.microworld import grammar, lexicon, parallel, questions, stories, verbs
from companion.microworld.parallel import fill
from companion.microworld.patterns import PATTERNS
from companion.microworld.sampling import stream

LANGUAGES = ("en", "zh")
seeds = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def train():
    return parallel(6000)


@pytest.fixture(scope="module")
def test():
    return parallel(300, split="test")


# Parallel sentences ----------------------------------------------------------------------------


def test_there_are_sixty_patterns_and_four_hundred_words_in_each_language(train):
    used = {name for pair in train for name in pair.patterns}
    english = {word.lower() for pair in train for word in pair.source_words if word.isalpha()}
    chinese = {word for pair in train for word in pair.target_words if word.isalpha()}
    assert len(used) == len(PATTERNS) >= 60
    assert len(english) >= 400
    assert len(chinese) >= 400


def test_a_held_out_combination_is_never_met_in_training_in_whatever_pattern(train, test):
    seen = {combination for pair in train for combination in pair.combinations}
    assert not seen & {combination for pair in test for combination in pair.combinations}
    assert not {pair.source for pair in train} & {pair.source for pair in test}
    assert not {pair.target for pair in train} & {pair.target for pair in test}


def test_what_is_held_out_is_made_of_words_and_patterns_met_in_training(train, test):
    known = {word for pair in train for word in pair.source_words}
    unknown = {word for pair in test for word in pair.source_words} - known
    assert {name for pair in test for name in pair.patterns} <= {
        name for pair in train for name in pair.patterns
    }
    assert len(unknown) <= 5  # 6,000 sentences leave out hardly any form


def test_each_sentence_has_exactly_one_translation_in_both_directions(train, test):
    forward, backward = defaultdict(set), defaultdict(set)
    for pair in [*train, *test]:
        forward[pair.source].add(pair.target)
        backward[pair.target].add(pair.source)
    assert all(len(targets) == 1 for targets in forward.values())
    assert all(len(sources) == 1 for sources in backward.values())


def test_both_sides_of_a_pair_say_the_same_fillers(train):
    """Each word for a person, place or noun on one side has its own translation on the other."""
    chinese = {}
    for table in (lexicon.PEOPLE, lexicon.NOUNS, lexicon.CITIES):
        for lexeme in table.values():
            if lexeme.id in verbs.INTRANSITIVE:  # "cook" is a verb too
                continue
            zh = lexeme.zh[""][0][0]
            for form in ("", "plural"):
                if form in lexeme.en:
                    chinese[tuple(word for word, _ in lexeme.en[form])] = zh
    for pair in train[:2000]:
        for words, zh in chinese.items():
            width = len(words)
            places = [
                i
                for i in range(len(pair.source_words))
                if pair.source_words[i : i + width] == words
            ]
            for i in places:
                linked = {pair.target_words[j] for s, j in pair.alignment if s == i}
                if linked:  # a word of a spot ("on the table") is aligned as a place
                    assert zh in linked, (pair.source, pair.target)


def test_alignment_crosses_because_the_languages_order_words_differently(train):
    def crosses(pair):
        return any(i < k and j > m for i, j in pair.alignment for k, m in pair.alignment)

    assert sum(crosses(pair) for pair in train[:1000]) > 500


def test_a_known_pattern_says_exactly_this():
    """give: time before the verb, 把 before a known thing, the classifier 件 of a shirt."""
    phrase = grammar.NounPhrase(
        lexicon.NOUNS["shirt"], "this", lexicon.ADJECTIVES["old"], lexicon.COLOURS["red"]
    )
    fillers = {
        "agent": lexicon.PEOPLE["Anna"],
        "thing": phrase,
        "recipient": lexicon.PRONOUNS["he"],
        "time": verbs.PAST["yesterday"],
    }
    give = next(pattern for pattern in PATTERNS if pattern.name == "give")
    said = {
        language: grammar.join(
            [word for word, _, _ in grammar.realise(give.template(language), fillers, language)],
            language,
        )[0]
        for language in LANGUAGES
    }
    assert said == {
        "en": "Anna gave this old red shirt to him yesterday.",
        "zh": "安娜昨天把这件旧的红色衬衫给了他。",
    }


def _nearest(query, texts, lengths, index):
    """The training sentence with the greatest Dice overlap of word 1- and 2-grams."""
    grams = _grams(query)
    shared = Counter(i for gram in grams for i in index.get(gram, ()))
    return max(shared, key=lambda i: (2 * shared[i] / (lengths[i] + len(grams)), -i))


def _grams(words):
    return set(words) | set(pairwise(words))


def test_copying_the_nearest_training_sentence_stays_below_bleu_40(train, test):
    index, lengths = defaultdict(list), []
    for i, pair in enumerate(train):
        grams = _grams(pair.source_words)
        lengths.append(len(grams))
        for gram in grams:
            index[gram].append(i)
    found = [train[_nearest(pair.source_words, train, lengths, index)] for pair in test]
    score = sacrebleu.corpus_bleu(
        [pair.target for pair in found], [[pair.target for pair in test]], tokenize="zh"
    ).score
    print(f"nearest neighbour from {len(train)} pairs: BLEU {score:.1f}")
    assert 5 < score < 40


# Grammar ----------------------------------------------------------------------------------------


def _drawn(seed):
    rng = stream("test", seed)
    while True:
        pattern = PATTERNS[int(rng.random() * len(PATTERNS))]
        fillers = fill(pattern, rng)
        if fillers:
            return pattern, fillers


@given(seeds)
@settings(max_examples=300, deadline=None)
def test_an_article_suits_the_sound_that_follows_it(seed):
    pattern, fillers = _drawn(seed)
    words = [word for word, _, _ in grammar.realise(pattern.en, fillers, "en")]
    for article, following in pairwise(words):
        if article in ("a", "an"):
            # In this lexicon only these two begin with a vowel letter and no vowel sound.
            consonant = following in ("uniform", "useful")
            vowel = following[0].lower() in "aeiou" and not consonant
            assert (article == "an") == vowel, words


@given(seeds)
@settings(max_examples=300, deadline=None)
def test_number_agrees_and_the_classifier_is_the_nouns_own(seed):
    pattern, fillers = _drawn(seed)
    for slot, filler in fillers.items():
        if not isinstance(filler, grammar.NounPhrase):
            continue
        english = [word for word, _ in filler.forms("en", "")]
        chinese = [word for word, _ in filler.forms("zh", "")]
        form = "plural" if english[0] in _PLURAL or filler.determiner == "generic" else "singular"
        assert english[-1] == filler.noun.en[form][0][0], (slot, english)
        if chinese[0] in set("一两三四五六七八九十几这那"):
            assert chinese[1] == filler.noun.classifier, chinese
        assert chinese[-1] == filler.noun.zh[""][0][0]
    words = [word for word, _, _ in grammar.realise(pattern.en, fillers, "en")]
    subject = fillers.get("agent")
    if subject is not None and subject.number == "plural":
        pairs = list(pairwise(words))
        last = [word for word, _ in subject.forms("en", "")][-1]
        assert not [(a, b) for a, b in pairs if a == last and b in ("is", "was", "has", "does")]


_PLURAL = {
    "these",
    "those",
    "many",
    "several",
    "how",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
}


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("box", "boxes"),
        ("story", "stories"),
        ("toy", "toys"),
        ("brush", "brushes"),
        ("cup", "cups"),
    ],
)
def test_regular_plurals_are_spelt_by_rule(noun, plural):
    assert lexicon.plural_of(noun) == plural


def test_a_sentence_is_written_alike_with_and_without_its_spans(train):
    for pair in train[:500]:
        text, spans = grammar.join(pair.source_words, "en")
        assert text == grammar.written(pair.source_words, "en") == pair.source
        assert grammar.join(pair.target_words, "zh")[0] == pair.target
        cut = [text[start:end].lower() for start, end in spans]
        assert cut == [word.lower() for word in pair.source_words]


def test_an_uneven_template_is_refused():
    with pytest.raises(ValueError, match="not a slot"):
        grammar.parse("{agent went home .")


# Stories ----------------------------------------------------------------------------------------


@given(seeds, st.sampled_from(LANGUAGES))
@settings(max_examples=40, deadline=None)
def test_every_span_points_at_the_words_of_its_entity(seed, language):
    story = microworld.tell(microworld.World(seed), language)
    for mention in story.mentions:
        text = story.text[mention.start : mention.end]
        if mention.type == "TIME":
            continue
        filler = story.world.entities[mention.entity].lexeme
        if mention.form == "pronoun":
            allowed = {"she", "he", "it"} if language == "en" else {"她", "他", "它"}
            assert text.lower() in allowed
        else:
            head = filler.forms(language, "noun")[-1][0]
            assert text.endswith(head), (text, head)
    for start, end in story.sentences:
        assert story.text[end - 1] in ".。"
        assert not story.text[start].isspace()


def test_a_story_tells_the_same_events_in_both_languages():
    for english, chinese in zip(stories(5, 3, "en"), stories(5, 3, "zh"), strict=True):
        assert english.events == chinese.events
        assert len(english.sentences) == len(chinese.sentences) == len(english.events)
        for i in range(len(english.events)):
            told = [
                sorted((m.entity, m.form) for m in story.mentions if m.event == i)
                for story in (english, chinese)
            ]
            assert told[0] == told[1]


def test_a_pronoun_stands_for_the_subject_of_the_sentence_before():
    for story in stories(60, 1):
        for mention in story.mentions:
            if mention.form == "pronoun" and mention.type == "PERSON":
                before = story.events[mention.event - 1]
                assert before.agent == mention.entity
                genders = [
                    story.world.entities[who].lexeme.gender
                    for who in (before.agent, before.recipient)
                    if who
                ]
                assert len(set(genders)) == len(genders)


def _resimulate(events):
    """An independent reading of the events: sets of (who or what, where) and (who, what)."""
    where, holder = {}, {}
    for event in events:
        match event.kind:
            case "be" | "go":
                where[event.agent] = event.place
                for thing in [t for t, who in holder.items() if who == event.agent]:
                    where[thing] = event.place  # what is carried moves at once
            case "lie":
                where[event.thing] = event.place
            case "take":
                assert where[event.thing] == where[event.agent]
                holder[event.thing] = event.agent
            case "give":
                assert holder[event.thing] == event.agent
                assert where[event.agent] == where[event.recipient]
                holder[event.thing] = event.recipient
            case "drop" | "leave":
                assert holder.pop(event.thing) == event.agent
            case "not_take":
                assert event.thing not in holder
            case "not_go" | "want_go":
                assert where[event.agent] != event.place
    return where, holder


@given(seeds, st.integers(1, 40))
@settings(max_examples=80, deadline=None)
def test_facts_equal_an_independent_simulation_that_moves_things_with_their_holder(seed, length):
    world = microworld.World(seed, length)
    where, holder = _resimulate(world.events)
    facts = microworld.replay(world.events)
    assert {(f.subject, f.object) for f in facts if f.relation == "in"} == set(where.items())
    assert {(f.object, f.subject) for f in facts if f.relation == "has"} == set(holder.items())


def test_a_world_without_moves_is_refused():
    with pytest.raises(ValueError, match="length is 0"):
        microworld.World(1, length=0)


# Questions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_substrings_and_state_answers_equal_the_simulation(language):
    hops = Counter()
    for question in questions(400, 2, language):
        start = question.answer_start
        if question.is_impossible:
            assert (question.answer, question.support) == ("", ())
            continue
        hops[len(question.support)] += 1
        assert question.context[start : start + len(question.answer)] == question.answer
        asked = _asked(question)
        where, holder = _resimulate(question.story.events)
        if question.kind in ("where_person", "where_thing"):
            assert question.entity == where[asked]
        if question.kind == "who_has":
            assert question.entity == holder[asked]
    assert hops[2] > 20  # who has the thing, and where did they go?


def _asked(question):
    """The person or thing that the question names (the longest, so "red cup" before "cup")."""
    story = question.story
    names = {}
    for entity in story.world.entities.values():
        if entity.type in ("PERSON", "THING"):
            words = [word for word, _ in entity.lexeme.forms(story.language, "")]
            names[(" " if story.language == "en" else "").join(words)] = entity.id
    return names[max((n for n in names if n in question.question), key=len)]


def test_a_question_without_an_answer_names_a_gift_or_a_walk_that_never_was():
    for question in questions(200, 4):
        if question.is_impossible:
            assert question.kind in ("who_gave", "when_went")
            if question.kind == "when_went":
                who, place = _asked(question), question.question
                visited = [
                    e.place for e in question.story.events if (e.kind, e.agent) == ("go", who)
                ]
                names = [place_id.replace("_", " ") for place_id in visited]
                assert not any(place.endswith(f"the {name}?") for name in names)


def test_squad_json_has_the_published_shape():
    asked = questions(20)
    two = json.loads(json.dumps(microworld.squad(asked)))
    entries = [q for d in two["data"] for p in d["paragraphs"] for q in p["qas"]]
    assert len(entries) == 20
    assert any(entry["is_impossible"] and entry["answers"] == [] for entry in entries)
    one = microworld.squad(asked, "1.1")
    entries = [q for d in one["data"] for p in d["paragraphs"] for q in p["qas"]]
    assert entries
    assert all(entry["answers"] and "is_impossible" not in entry for entry in entries)
    with pytest.raises(ValueError, match=r"1\.1"):
        microworld.squad(asked, "3")


# The same everywhere ------------------------------------------------------------------------------

_PRINT = """
from companion import microworld as m
from hashlib import sha256
parts = [p.source + p.target for p in m.parallel(200, 3, "test")]
parts += [d.title + d.text for d in m.documents(2, 1, "zh")]
parts += [q.question + q.answer for q in m.questions(50, 5)]
print(sha256("".join(parts).encode()).hexdigest())
"""


def test_another_process_with_another_hash_seed_makes_the_same_data():
    digests = set()
    for hash_seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run(
            [sys.executable, "-c", _PRINT], env=environment, capture_output=True, check=True
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_another_seed_makes_other_data_and_a_longer_list_begins_like_a_shorter_one():
    assert parallel(20, 1) != parallel(20, 2)
    assert parallel(20, 1) == parallel(40, 1)[:20]
    assert questions(5, 1) != questions(5, 2)


def test_documents_carry_an_id_a_title_and_paragraphs():
    first, second = microworld.documents(2, language="zh")
    assert first.id != second.id
    assert first.text.count("\n") == 5
    assert first.title.endswith("一天")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parallel(1, split="dev"), "'dev'"),
        (lambda: parallel(-1), "-1"),
        (lambda: stories(1, language="fr"), "'fr'"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
