"""Pretraining objectives compared by probing and tuning: one encoder, one corpus, some seeds.

    python tests/benchmarks/bench_objectives.py [--steps 600] [--seeds 0 1 2]
        [--objectives mlm electra …] [--out docs/objectives.json] [--draft]

The corpus is the English microworld (synthetic): stories of a day and texts on who lives where, a
vocabulary of some hundred whole words, so that ten minutes teach an encoder most of what there is
to know. After every interval three linear probes read the frozen encoder:

- kind of word: is a token a person, a place, a thing or a job? Taught with half of the words, asked
  about the other half.
- is, was or not: of a city or a job in a text, whether somebody lives there or is that, did or was
  so once, or does not or is not. The word itself does not tell; what stands before it does.
- swapped words: have two neighbours of a text changed places? The mean of its vectors; the words
  are the same either way (Conneau et al. 2018 call it bigram shift).

Test texts say of a person what no text that anybody learned from says of them (`split` of `lives`),
or are other days (seeds of `stories`).

Then each encoder is fine-tuned, all weights moving, on a hundredth and a tenth of the labelled
texts of the third probe, as chapter 10 does it: what was not linearly there may still be of use.

Seed by seed, objective by objective, so that a run that was
broken off has all seeds it finished; it may be stopped at any moment and goes on with the same
command: finished runs stand in the file, an unfinished one in the user cache. With all runs there,
writes a section of `docs/benchmarks.md`; with `--draft` it prints that section, and writes no page.
"""

import argparse
import dataclasses
import json
import sys
from functools import partial
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import backend, cache, microworld, training
from companion import finetuning as ft
from companion import objectives as o
from companion.bert import CLS_ID, SEP_ID, Bert
from companion.tokenization import WordPiece
from companion.transformer import padded
from tests.benchmarks.common import DOCS, machine, table, write_section

LENGTH, BATCH, RATE, MUON = 32, 32, 1e-2, True
STRENGTH = 0.1  # of the probes: 1/λ
TEXTS = 2500  # of either kind, to learn from
KINDS = {"PERSON": "person", "PLACE": "place", "THING": "thing", "JOB": "job"}
PROBES = ("kind of word", "is, was or not", "swapped words")
UNTRAINED = "untrained"
TUNING = {"texts": 4000, "shares": [0.01, 0.1], "asked": 1500}  # labelled; taught; scored on
TUNING |= {"steps": 100, "batch": BATCH, "rate": 1e-3}
TITLE = "Pretraining objectives, probed (chapter 9)"


def corpus() -> o.Material:
    """Stories and lives as rows of whole words."""
    told: list = [*microworld.stories(TEXTS, seed=0), *microworld.lives(TEXTS, seed=0)]
    documents = [[text.text[a:b] for a, b in text.sentences] for text in told]
    # 1,000 is more than there are words, so that each becomes one piece.
    tokenizer = WordPiece.train([sentence for document in documents for sentence in document], 1000)
    return o.material(documents, tokenizer, LENGTH)


def probing_data(tokenizer: WordPiece, asked: str = "test") -> dict[str, dict[str, o.Labels]]:
    """{"kind of word": {"train": …, "test": …}, …}; drawn once, for all runs.

    What a probe is asked about comes from the split `asked`: settings were chosen with
    "validation".
    """
    taught, new = o.new_tokens(
        *(kinds_of_words(tokenizer, seed) for seed in (1, {"validation": 2, "test": 3}[asked]))
    )
    found = {PROBES[0]: {"train": taught, "test": new}}
    for name, make in zip(PROBES[1:], (said_of_values, swapped_words), strict=True):
        found[name] = {"train": make(tokenizer, "train", 1500), "test": make(tokenizer, asked, 750)}
    return found


def kinds_of_words(tokenizer: WordPiece, seed: int) -> o.Labels:
    """Four sentences of each of some days; what is named there has its kind."""
    texts = []
    for number, story in enumerate(microworld.stories(300, seed=seed)):
        first = number % (len(story.sentences) - 3)
        begin, end = story.sentences[first][0], story.sentences[first + 3][1]
        spans = [
            (mention.start, mention.end, KINDS[mention.type])
            for mention in sorted(story.mentions, key=lambda mention: mention.start)
            if mention.form == "name" and mention.type in KINDS
            if begin <= mention.start and mention.end <= end
        ]
        texts.append(pieces(story.text, begin, end, spans))
    return o.token_labels(tokenizer, texts, LENGTH)


def said_of_values(tokenizer: WordPiece, split: str, count: int) -> o.Labels:
    """Texts about two people; each city and job has "is", "was" or "not"."""
    texts = []
    for life in microworld.lives(count // 3, seed=1, split=split, people=2):
        spans = [
            (*span, claim.form)
            for claim, span in zip(life.claims, life.values, strict=True)
            if claim.topic != "taste" and claim.form != "same"
        ]
        texts.append(pieces(life.text, 0, len(life.text), spans))
    return o.token_labels(tokenizer, texts, LENGTH)


def pieces(text: str, begin: int, end: int, spans: list) -> list[tuple[str, str]]:
    """A part of a text, cut into what has a class and what has none."""
    cut = []
    for start, stop, name in spans:
        cut += [(text[begin:start], ""), (text[start:stop], name)]
        begin = stop
    return [*cut, (text[begin:end], "")]


def swapped_words(tokenizer: WordPiece, split: str, count: int) -> o.Labels:
    """Two sentences of each text (or its only one), in half of them two neighbours swapped."""
    (stop,) = tokenizer.encode_ordinary(".")
    rng, rows, labels = np.random.default_rng(0), [], []
    for number, life in enumerate(microworld.lives(count, seed=2, split=split, people=2)):
        first = number % max(1, len(life.sentences) - 1)
        spans = life.sentences[first : first + 2]
        ids = tokenizer.encode_ordinary(life.text[spans[0][0] : spans[-1][1]])
        if rng.random() < 0.5:
            pairs = [i for i in range(len(ids) - 1) if stop not in ids[i : i + 2]]
            place = int(rng.choice(pairs))
            ids[place : place + 2] = ids[place + 1], ids[place]
            labels.append("swapped")
        else:
            labels.append("as written")
        rows.append([CLS_ID, *ids[: LENGTH - 2], SEP_ID])
    return o.Labels(padded(rows), np.array(labels))


def kept_encoder(name: str, seed: int, steps: int, material: o.Material) -> Bert:
    """An encoder with the weights that `keep` wrote."""
    config = dataclasses.replace(
        o.ENCODER, vocab_size=material.vocab_size, context_length=material.rows.shape[1]
    )
    encoder = Bert(config)
    with np.load(kept(name, seed, steps)) as weights:
        encoder.set_weights([weights[key] for key in weights.files])
    return encoder


def accuracy(data: dict[str, o.Labels], causal: bool, bert) -> float:
    """The share of test items that a probe of this encoder gets right."""
    sides = (o.examples(bert, data[split], causal) for split in ("train", "test"))
    right = o.probe(*sides, strength=STRENGTH)
    return round(float(right.mean()), 4)


def baselines(data: dict[str, dict[str, o.Labels]]) -> dict[str, dict[str, float]]:
    """What needs no encoder: the commonest class; and counts of words, or the word itself."""
    found = {}
    for name, splits in data.items():
        known, wanted = (splits[split].labels for split in ("train", "test"))
        found[name] = {"commonest class": o.commonest(known[known != ""], wanted[wanted != ""])}
    found["is, was or not"]["the word alone"] = _by_words(*data["is, was or not"].values())
    found["swapped words"]["bag of words"] = _by_words(*data["swapped words"].values())
    return {
        name: {key: round(float(v), 4) for key, v in row.items()} for name, row in found.items()
    }


def _by_words(train: o.Labels, test: o.Labels) -> float:
    """Logistic regression on which words there are: of a text, or one, a token's own."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    sides = []
    for data in (train, test):
        if data.labels.ndim == 1:
            sides.append((data.ids.tolist(), data.labels))
        else:
            told = data.labels != ""
            sides.append(([[token] for token in data.ids[told]], data.labels[told]))
    (x, y), (new_x, new_y) = sides
    bag = CountVectorizer(analyzer=lambda row: row)
    judge = LogisticRegression(max_iter=2000).fit(bag.fit_transform(x), y)
    return judge.score(bag.transform(new_x), new_y)


def kept(name: str, seed: int, steps: int) -> Path:
    """Where a pretrained encoder's weights are kept for tuning."""
    return cache.root() / "objectives" / f"{name}-{seed}-{steps}.npz"


def keep(bert, path: Path) -> None:
    """Write an encoder's weights, but for the pooler that only some objectives ask for."""
    with cache.atomic_write(path) as file:
        np.savez(file, *(np.asarray(w) for w in bert.weights if "/pooler/" not in w.path))


def run(name: str, seed: int, steps: int, every: int, material: o.Material, data) -> dict:
    """One objective, one seed: scores after each interval. `untrained` is step 0 of them all."""
    objective = o.OBJECTIVES.get(name)
    causal = bool(objective and objective.causal)
    measures = {probe: partial(accuracy, data[probe], causal) for probe in PROBES}
    made = name if objective else "mlm"
    model, batch = o.prepare(
        made, material, steps, batch_size=BATCH, rate=RATE, seed=seed, muon=MUON
    )
    state = kept(f"{name}-at-{every}", seed, steps)
    state.parent.mkdir(parents=True, exist_ok=True)
    if objective is None:
        keep(model.bert, kept(name, seed, steps))
        scores = {probe: [measure(model.bert)] for probe, measure in measures.items()}
        return {"objective": name, "seed": seed, "steps": [0], **scores}
    watch = o.ProbeEach(measures)
    history = training.fit(model, batch, steps, every=every, resume=state, callbacks=[watch])
    keep(model.bert, kept(name, seed, steps))
    state.unlink()
    scores = {key: [round(value, 4) for value in history[key]] for key in (*PROBES, "loss")}
    clocks = {key: round(sum(history[key]), 1) for key in ("seconds", "processor seconds")}
    at = [min(steps, every * (i + 1)) for i in range(len(scores["loss"]))]
    size = {"parameters": model.count_params(), "encoder": model.bert.count_params()}
    return {"objective": name, "seed": seed, "steps": at, **scores, **clocks, **size}


def tune(name: str, seed: int, steps: int, share: float, material: o.Material, sides) -> dict:
    """A pretrained encoder and a new head on its mean vector, tuned on a share of the texts."""
    train, test = sides
    training.seed(seed)
    encoder = kept_encoder(name, seed, steps, material)
    classes = sorted(set(train.labels))
    model = ft.FineTuned(encoder, ft.ClassificationHead(len(classes), pooling="mean"))
    schedule = ft.rate_of(TUNING["rate"], TUNING["steps"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(backend.Adam(schedule), loss)
    chosen = np.array(ft.share_of(range(len(train.ids)), share, seed))
    wanted = np.searchsorted(classes, train.labels[chosen])
    batch = training.shuffled(train.ids[chosen], wanted, batch_size=BATCH, seed=seed)
    training.fit(model, batch, TUNING["steps"], every=TUNING["steps"])
    said = np.stack(ft.predict(model, test.ids)).argmax(axis=1)
    right = float((np.array(classes)[said] == test.labels).mean())
    return {"objective": name, "seed": seed, "share": share, "accuracy": round(right, 4)}


def section(found: dict) -> str:
    """The table: probes at the end, means and intervals over seeds, and what a run cost."""
    rows = []
    for name in (UNTRAINED, *o.OBJECTIVES):
        runs = [r for r in found["runs"] if r["objective"] == name]
        if not runs:
            continue
        title = o.OBJECTIVES[name].title if name in o.OBJECTIVES else name
        cells = [_cell([r[probe][-1] for r in runs]) for probe in PROBES]
        seconds = [r["processor seconds"] for r in runs if "processor seconds" in r]
        cost = f"{min(seconds):.0f}" if seconds else ""
        rows.append([title, *cells, len(runs), cost])
    left = found["read from the left"]
    if left:
        cells = [_cell([r[probe] for r in left]) for probe in PROBES]
        rows.append(["prefix LM, read from the left", *cells, len(left), ""])
    for key in ("commonest class", "the word alone", "bag of words"):
        levels = (found["baselines"][probe].get(key) for probe in PROBES)
        rows.append([key, *("" if level is None else f"{100 * level:.1f}" for level in levels)])
        rows[-1] += ["", ""]
    settings = found["settings"]
    return (
        f"{found['machine']}. `python tests/benchmarks/bench_objectives.py`\n\n"
        f"Accuracy (%) of linear probes on the frozen encoder after {settings['steps']} steps of "
        f"{settings['batch']} rows of {settings['length']} tokens; mean over seeds, its 95 % "
        "interval (Student's t). All read the same texts with the same encoder, those with a "
        "second question as pairs of sentences, the others as full rows (15 and 24 tokens of "
        "text); what a step costs differs, as the last column says (the quickest of the seeds, on "
        "one processor or two: other programs ran beside them). Student's t does not know that "
        "accuracy ends at 100.\n\n"
        + table(["objective", *PROBES, "seeds", "processor seconds"], rows)
        + tuned_section(found)
    )


def tuned_section(found: dict) -> str:
    """The second table: the same encoders after tuning on few labelled texts."""
    tuning, rows = found["tuning"], []
    for name in (UNTRAINED, *o.OBJECTIVES):
        runs = [r for r in found["tuned"] if r["objective"] == name]
        if not runs:
            continue
        title = o.OBJECTIVES[name].title if name in o.OBJECTIVES else name
        of = {s: [r["accuracy"] for r in runs if r["share"] == s] for s in tuning["shares"]}
        rows.append([title, *(_cell(scores) for scores in of.values())])
    rows.append(["bag of words", *(f"{100 * v:.1f}" for v in tuning["bag of words"])])
    header = [f"{round(share * tuning['texts'])} texts" for share in tuning["shares"]]
    return (
        f"\n\nThe same encoders, fine-tuned ({tuning['steps']} steps of {tuning['batch']}) to tell "
        f"texts with two swapped words, from so many labelled ones; accuracy (%) on "
        f"{tuning['asked']} others.\n\n" + table(["objective", *header], rows)
    )


def _cell(scores: list[float]) -> str:
    if len(scores) < 2:
        return f"{100 * scores[0]:.1f}"
    mean, low, high = (100 * value for value in o.interval(scores))
    return f"{mean:.1f} ({low:.1f}–{high:.1f})"


def measure(arguments) -> dict:
    """All runs that are asked for and not yet in the file; the file grows by each."""
    steps, every = arguments.steps, max(1, arguments.steps // arguments.points)
    settings = {"steps": steps, "every": every, "batch": BATCH, "length": LENGTH}
    settings |= {"texts": 2 * TEXTS, "rate": RATE, "muon": MUON}
    found: dict = {"runs": []}
    if arguments.out.exists():
        found = json.loads(arguments.out.read_text(encoding="utf-8"))
        if found["settings"] != settings:
            raise SystemExit(
                f"{arguments.out} has other settings: {found['settings']}; move it away"
            )
    material = corpus()
    data = probing_data(material.tokenizer)
    found |= {"machine": machine(), "settings": settings, "baselines": baselines(data)}
    found["titles"] = {name: objective.title for name, objective in o.OBJECTIVES.items()}
    found["rows"], found["vocabulary"] = len(material.rows), material.vocab_size
    done = {(r["objective"], r["seed"]) for r in found["runs"]}
    for seed in arguments.seeds:
        for name in (UNTRAINED, *arguments.objectives):
            if (name, seed) not in done:
                add(found, "runs", run(name, seed, steps, every, material, data), arguments.out)
    read_from_the_left(arguments, found, material, data)
    tune_all(arguments, found, material)
    return found


def read_from_the_left(arguments, found: dict, material: o.Material, data) -> None:
    """The prefix LM once more, every token seeing only what is before it, as in its answers.

    In a text that is given, nothing is asked of its last layer but at the end.
    """
    again = found.setdefault("read from the left", [])
    for seed in arguments.seeds:
        if "prefix_lm" in arguments.objectives and seed not in [r["seed"] for r in again]:
            bert = kept_encoder("prefix_lm", seed, arguments.steps, material)
            scores = {probe: accuracy(data[probe], True, bert) for probe in PROBES}
            made = {"objective": "prefix_lm", "seed": seed, **scores}
            add(found, "read from the left", made, arguments.out)


def tune_all(arguments, found: dict, material: o.Material) -> None:
    """Every kept encoder on every share, as far as that is not yet in the file."""
    tokenizer = material.tokenizer
    train = swapped_words(tokenizer, "train", TUNING["texts"])
    sides = train, swapped_words(tokenizer, "test", TUNING["asked"])
    if found.get("tuning", {}).get("rate", TUNING["rate"]) != TUNING["rate"]:
        raise SystemExit(f"{arguments.out} was tuned otherwise: {found['tuning']}")
    parts = [np.array(ft.share_of(range(len(train.ids)), s, 0)) for s in TUNING["shares"]]
    bags = [_by_words(o.Labels(train.ids[i], train.labels[i]), sides[1]) for i in parts]
    found["tuning"] = TUNING | {"bag of words": [round(bag, 4) for bag in bags]}
    tuned = found.setdefault("tuned", [])
    done = {(r["objective"], r["seed"], r["share"]) for r in tuned}
    for seed in arguments.seeds:
        for name in (UNTRAINED, *arguments.objectives):
            for share in TUNING["shares"]:
                if (name, seed, share) not in done:
                    made = tune(name, seed, arguments.steps, share, material, sides)
                    add(found, "tuned", made, arguments.out)


def add(found: dict, key: str, made: dict, path: Path) -> None:
    """Put one more run in the record, and print it."""
    found[key].append(made)
    order = [UNTRAINED, *o.OBJECTIVES]  # of the tables, also where some runs were made again
    found[key].sort(key=lambda run: (run["seed"], order.index(run["objective"])))
    print(json.dumps(made), flush=True)
    with cache.atomic_write(path, "w") as file:
        file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def main() -> None:
    """Measure, and write the file and the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--points", type=int, default=6, help="probes during a run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--objectives", nargs="+", default=list(o.OBJECTIVES), choices=o.OBJECTIVES)
    parser.add_argument("--out", type=Path, default=DOCS / "objectives.json")
    parser.add_argument("--draft", action="store_true", help="print the section, write no page")
    arguments = parser.parse_args()
    found = measure(arguments)
    if arguments.draft:
        print(section(found))
    else:
        write_section(TITLE, section(found))


if __name__ == "__main__":
    main()
