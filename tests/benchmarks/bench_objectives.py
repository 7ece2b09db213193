"""Pretraining objectives compared by probing: one encoder, one corpus, one budget, some seeds.

    python tests/benchmarks/bench_objectives.py [--steps 600] [--seeds 0 1 2]
        [--objectives mlm electra …] [--out docs/objectives.json] [--draft]

Needs the corpora `peoples_daily` and `reviews_zh`, whose training texts are read as one corpus of
characters. After every interval two linear probes read the frozen encoder: the sentiment of a
review (mean of its vectors), and the part of speech of a character (its own vector) that the probe
was never taught; they learn from training texts and are scored on test texts. Seed by seed,
objective by objective, so that a run that was broken off has all seeds it finished; it may be
stopped at any moment and goes on with the same command: finished runs stand in the file, an
unfinished one in the user cache. With all runs there, writes a section of `docs/benchmarks.md`;
with `--draft` it prints that section, and writes no page.
"""

import argparse
import json
import statistics
import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import cache, corpora, training
from companion import objectives as o
from companion.bert import start_from_neighbours
from tests.benchmarks.common import DOCS, machine, table, write_section

LENGTH, BATCH, RATE, MUON = 64, 32, 1e-2, True
STRENGTH = 0.01  # of the probes: 1/λ; with a thousand items a free one learns them by heart
TEXTS = {
    "train": 1500,
    "test": 1000,
}  # reviews that the probe of sentiment learns from, is scored on
SENTENCES = {"train": 200, "test": 200}  # tagged lines, for the probe of parts of speech
PROBES = ("sentiment", "part of speech")
UNTRAINED = "untrained"
TITLE = "Pretraining objectives, probed (chapter 9)"


def corpus() -> o.Material:
    """Both corpora's training texts as rows of characters."""
    texts = [record.text for record in corpora.load("peoples_daily", "train")]
    texts += [record.text for record in corpora.load("reviews_zh", "train")]
    return o.material(texts, LENGTH)


def probing_data(material: o.Material) -> dict[str, dict[str, o.Labels]]:
    """{"sentiment": {"train": …, "test": …}, "part of speech": …}; drawn once, for all runs."""
    found: dict[str, dict[str, o.Labels]] = {name: {} for name in PROBES}
    for split in ("train", "test"):
        rng = np.random.default_rng(0)
        reviews = _some(corpora.load("reviews_zh", split), TEXTS[split], rng)
        found["sentiment"][split] = o.text_labels(
            material.tokenizer, [r.text for r in reviews], [r.label for r in reviews], LENGTH
        )
        lines = _some(corpora.load("peoples_daily", split), SENTENCES[split], rng)
        found["part of speech"][split] = o.token_labels(material.tokenizer, lines, LENGTH)
    taught, asked = o.new_tokens(*found["part of speech"].values())
    return found | {"part of speech": {"train": taught, "test": asked}}


def _some(records, count: int, rng) -> list:
    return [records[i] for i in rng.permutation(len(records))[:count]]


def accuracy(data: dict[str, o.Labels], causal: bool, bert) -> float:
    """The share of test items that a probe of this encoder gets right."""
    sides = (o.examples(bert, data[split], causal) for split in ("train", "test"))
    right = o.probe(*sides, strength=STRENGTH)
    return round(float(right.mean()), 4)


def baselines(data: dict[str, dict[str, o.Labels]]) -> dict[str, dict[str, float]]:
    """What needs no encoder: the commonest class; counts of characters, which know no new ones."""
    found = {}
    for name, splits in data.items():
        known, wanted = (splits[split].labels for split in ("train", "test"))
        found[name] = {"commonest class": o.commonest(known[known != ""], wanted[wanted != ""])}
    counted = _bag_of_characters(*data["sentiment"].values())
    found["sentiment"]["bag of characters"] = counted
    return {
        name: {key: round(float(v), 4) for key, v in row.items()} for name, row in found.items()
    }


def _bag_of_characters(train: o.Labels, test: o.Labels) -> float:
    """TF-IDF of single characters and logistic regression, from the same training reviews."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    bag = TfidfVectorizer(analyzer=lambda row: row[row > 3].tolist(), sublinear_tf=True)
    judge = LogisticRegression(C=10, max_iter=2000)
    judge.fit(bag.fit_transform(train.ids), train.labels)
    return judge.score(bag.transform(test.ids), test.labels)


def run(name: str, seed: int, steps: int, every: int, material: o.Material, data) -> dict:
    """One objective, one seed: scores after each interval. `untrained` is step 0 of them all."""
    objective = o.OBJECTIVES.get(name)
    causal = bool(objective and objective.causal)
    measures = {probe: partial(accuracy, data[probe], causal) for probe in PROBES}
    model, batch = o.prepare(
        name if objective else "mlm",
        material,
        steps,
        batch_size=BATCH,
        rate=RATE,
        seed=seed,
        muon=MUON,
        start=start_from_neighbours,
    )
    if objective is None:
        scores = {probe: [measure(model.bert)] for probe, measure in measures.items()}
        return {"objective": name, "seed": seed, "steps": [0], **scores}
    state = cache.root() / "objectives" / f"{name}-{seed}-{steps}-{every}.npz"
    state.parent.mkdir(parents=True, exist_ok=True)
    watch = o.ProbeEach(measures)
    history = training.fit(model, batch, steps, every=every, resume=state, callbacks=[watch])
    state.unlink()
    kept = {key: [round(value, 4) for value in history[key]] for key in (*PROBES, "loss")}
    clocks = {key: round(sum(history[key]), 1) for key in ("seconds", "processor seconds")}
    at = [min(steps, every * (i + 1)) for i in range(len(kept["loss"]))]
    size = {"parameters": model.count_params(), "encoder": model.bert.count_params()}
    return {"objective": name, "seed": seed, "steps": at, **kept, **clocks, **size}


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
        cost = f"{statistics.mean(seconds):.0f}" if seconds else ""
        rows.append([title, *cells, len(runs), cost])
    for key in ("commonest class", "bag of characters"):
        levels = (found["baselines"][probe].get(key) for probe in PROBES)
        rows.append([key, *("" if level is None else f"{100 * level:.1f}" for level in levels)])
        rows[-1] += ["", ""]
    settings = found["settings"]
    return (
        f"{found['machine']}. `python tests/benchmarks/bench_objectives.py`\n\n"
        f"Accuracy (%) of linear probes on the frozen encoder after {settings['steps']} steps of "
        f"{settings['batch']} rows of {settings['length']} characters; mean over seeds, its 95 % "
        "interval (Student's t). All read the same rows of the same corpus with the same encoder; "
        "what a step costs differs, as the last column says.\n\n"
        + table(["objective", *PROBES, "seeds", "processor seconds"], rows)
    )


def _cell(scores: list[float]) -> str:
    if len(scores) < 2:
        return f"{100 * scores[0]:.1f}"
    mean, low, high = (100 * value for value in o.interval(scores))
    return f"{mean:.1f} ({low:.1f}–{high:.1f})"


def measure(arguments) -> dict:
    """All runs that are asked for and not yet in the file; the file grows by each."""
    steps, every = arguments.steps, max(1, arguments.steps // arguments.points)
    settings = {
        "steps": steps,
        "every": every,
        "batch": BATCH,
        "length": LENGTH,
        "rate": RATE,
        "muon": MUON,
    }
    found: dict = {"runs": []}
    if arguments.out.exists():
        found = json.loads(arguments.out.read_text(encoding="utf-8"))
        if found["settings"] != settings:
            raise SystemExit(
                f"{arguments.out} has other settings: {found['settings']}; move it away"
            )
    material = corpus()
    data = probing_data(material)
    found |= {"machine": machine(), "settings": settings, "baselines": baselines(data)}
    found["titles"] = {name: objective.title for name, objective in o.OBJECTIVES.items()}
    found["rows"], found["vocabulary"] = len(material.rows), material.vocab_size
    done = {(r["objective"], r["seed"]) for r in found["runs"]}
    for seed in arguments.seeds:
        for name in (UNTRAINED, *arguments.objectives):
            if (name, seed) in done:
                continue
            found["runs"].append(run(name, seed, steps, every, material, data))
            print(json.dumps(found["runs"][-1]), flush=True)
            with cache.atomic_write(arguments.out, "w") as file:
                file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return found


def main() -> None:
    """Measure, and write the file and the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--points", type=int, default=5, help="probes during a run")
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
