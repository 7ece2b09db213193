"""Beam search with two bugs: what is finished goes on, and short texts win."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake
from companion.probes import generation as probes


def _score(total, length):
    return total / length


def _search(next_log_probs, width, stop_id, max_length, **bugs):
    """The text with the best mean log p among those that `width` beginnings lead to."""
    beam = [([], 0.0)]
    for _ in range(max_length):
        candidates = []
        for ids, total in beam:
            if ids[-1:] == [stop_id] and not bugs.get("extended"):
                if not bugs.get("dropped"):
                    candidates.append((ids, total))
                continue
            log_probs = next_log_probs(ids)
            if bugs.get("probs"):
                log_probs = np.exp(log_probs)
            for token, log_prob in enumerate(log_probs):
                so_far = 0.0 if bugs.get("last_only") else total
                candidates.append(([*ids, token], so_far + float(log_prob)))
        rank = (lambda c: -c[1] / len(c[0])) if bugs.get("mean_early") else (lambda c: -c[1])
        if not candidates:
            break
        beam = sorted(candidates, key=rank)[: 1 if bugs.get("greedy") else width]
    ids, _ = max(beam, key=lambda c: bugs.get("score", _score)(c[1], len(c[0])))
    if bugs.get("keep_stop"):
        return ids
    if bugs.get("filtered"):
        return [token for token in ids if token != stop_id]
    return ids[: ids.index(stop_id)] if stop_id in ids else ids


def as_given(next_log_probs, width, stop_id, max_length):
    """The search of the exercise, with both bugs."""
    return _search(
        next_log_probs,
        width,
        stop_id,
        max_length,
        extended=True,
        score=lambda total, length: total,
    )


# Rows of probabilities by the last token (0 is the start, 1 the stop), width and length, found by
# trying: greed, short texts, and texts that go on after their end all lead astray here.
_TABLES = (
    ([[39, 20, 11, 30], [48, 20, 30, 2], [11, 76, 2, 11], [2, 53, 2, 43]], 3, 5),
    ([[2, 11, 48, 39], [20, 76, 2, 2], [39, 39, 11, 11], [2, 20, 76, 2]], 3, 5),
    ([[20, 30, 30, 20], [39, 2, 39, 20], [48, 11, 39, 2], [2, 11, 39, 48]], 2, 4),
    ([[2, 12, 2, 84], [2, 22, 33, 43], [11, 67, 2, 20], [11, 39, 48, 2]], 3, 4),
    ([[11, 11, 11, 67], [11, 67, 11, 11], [2, 20, 2, 76], [11, 39, 39, 11]], 3, 4),
)


def _cases(rng, size):
    if size < len(_TABLES):
        rows, width, max_length = _TABLES[size]
        table = np.array(rows) + rng.random((4, 4)) / 10  # no two are equal
    else:
        table = rng.dirichlet(np.full(4, 0.4), 4) + 1e-3
        width, max_length = ((2, 3), (3, 5), (2, 6), (4, 4), (1, 5), (3, 3))[size % 6]
    return {
        "table": np.log(table / table.sum(axis=1, keepdims=True)),
        "start_id": 0,
        "width": width,
        "stop_id": 1,
        "max_length": max_length,
    }


beam_search = Exercise(
    name="beam_search",
    kind="debug",
    title="A beam that cannot stop",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=14,
    probe=probes.search,
    reference=_search,
    starter=as_given,
    mistakes=[
        Mistake(
            "short-texts-win",
            partial(_search, score=lambda total, length: total),
            "Finished texts rest now; but every further token costs, so the shortest text wins. "
            "Compare the log probabilities *per token* at the end.",
        ),
        Mistake(
            "finished-dropped",
            partial(_search, dropped=True),
            "A text that has said stop disappears from your beam; it stays as it is, and takes a "
            "place.",
        ),
        Mistake(
            "long-texts-win",
            partial(_search, score=lambda total, length: total * length),
            "You multiplied by the length; divide by it.",
        ),
        Mistake(
            "stop-not-counted",
            partial(_search, score=lambda total, length: total / max(length - 1, 1)),
            "You divide by one token too few: the stop token was written too, and its log "
            "probability is in the sum.",
        ),
        Mistake(
            "mean-while-searching",
            partial(_search, mean_early=True),
            "You divide by the length while you search as well; the beam is ranked by the sums, "
            "the lengths count at the end.",
        ),
        Mistake(
            "worst-text",
            partial(_search, score=lambda total, length: -total / length),
            "You return the worst text of the beam: log probabilities are negative, the best is "
            "the largest.",
        ),
        Mistake(
            "greedy",
            partial(_search, greedy=True),
            "You keep one beginning only; `width` is how many.",
        ),
        Mistake(
            "stop-kept",
            partial(_search, keep_stop=True),
            "The stop token is still in the result.",
        ),
        Mistake(
            "sums-forgotten",
            partial(_search, last_only=True),
            "You rank by the last token's log probability; a text has the sum of all of them.",
        ),
        Mistake(
            "probabilities-added",
            partial(_search, probs=True),
            "You add probabilities; they are multiplied, so their logs are added.",
        ),
    ],
    hints=[
        "Follow a text that says stop in the first turn: what becomes of it in the second, and is "
        "that text still the same?",
        "A candidate is (ids, sum of log probabilities). A finished one goes into the next round "
        "as it is.",
        "At the end compare `total / len(ids)`, the stop token counted, since its log probability "
        "is in the sum.",
    ],
)
