"""Implement: what ELECTRA's discriminator reads, and what it should say."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import objectives as probes


def _replace(ids, positions, samples, first=1):
    """The text with the samples at its gaps; gaps at positions from `first` on count."""
    read = ids.copy()
    rows, columns = np.nonzero(positions >= first)
    read[rows, positions[rows, columns]] = samples[rows, columns]
    return read


def _answer(ids, positions, samples):
    read = _replace(ids, positions, samples)
    return read, (read != ids).astype(int)


def _gap_labels(ids, positions, samples):
    read = _replace(ids, positions, samples)
    return read, (_replace(0 * ids, positions, samples * 0 + 1)).astype(int)


def _with_cls(ids, positions, samples):
    read = _replace(ids, positions, samples, first=0)
    return read, (read != ids).astype(int)


def _at_gaps(ids, positions, samples):
    read = _replace(ids, positions, samples)
    true = np.take_along_axis(ids, positions, axis=1)
    return read, ((samples != true) & (positions > 0)).astype(int)


def _first_row(ids, positions, samples):
    return _answer(ids, np.broadcast_to(positions[:1], positions.shape), samples)


def _all_rows(ids, positions, samples):
    """`read[:, positions]` is (batch, batch, gaps): every row, at every row's gaps."""
    read = ids.copy()
    read[:, positions] = samples
    read[:, 0] = ids[:, 0]
    return read, (read != ids).astype(int)


def _in_place(ids, positions, samples):
    labels = _answer(ids, positions, samples)[1]
    ids[:] = _replace(ids, positions, samples)
    return ids, labels


def _same_array(ids, positions, samples):
    ids[:] = _replace(ids, positions, samples)
    return ids, np.zeros_like(ids)


def _not_compared(ids, positions, samples):
    return _replace(ids, positions, samples), np.zeros_like(ids)


def _cases(rng, size):
    batch, time, gaps = ((1, 5, 2), (2, 6, 3), (2, 7, 2), (3, 6, 3), (1, 8, 4))[size % 5]
    ids = rng.integers(5, 40, (batch, time))
    ids[:, 0], ids[:, -1] = 2, 3
    positions = np.stack([np.sort(rng.permutation(time - 2)[:gaps] + 1) for _ in ids])
    if batch > 1:
        positions[0] = np.arange(gaps) + 1  # rows whose gaps differ
        positions[1] = np.arange(gaps) + time - 1 - gaps
    samples = rng.integers(40, 60, positions.shape)  # never a token of the text …
    samples[:, 0] = ids[np.arange(batch), positions[:, 0]]  # … but for one gap of each row
    if size % 5 in (1, 4):
        positions[-1, -1] = 0  # only fills up the row
    return {"ids": ids, "positions": positions, "samples": samples}


def _all_right(case, rng):
    return case | {"samples": np.take_along_axis(case["ids"], case["positions"], axis=1)}


replaced_labels = Exercise(
    name="replaced_labels",
    kind="implement",
    title="Replaced, or the text's own?",
    minutes=15,
    difficulty=1,
    cases=_cases,
    sizes=5,
    probe=probes.read_and_labels,
    reference=_answer,
    relations=[
        Relation(
            "a-perfect-generator-replaces-nothing",
            _all_right,
            lambda out, right: not np.any(right["labels"]),
            "A generator that is always right replaces nothing: all labels must then be 0.",
        ),
    ],
    mistakes=[
        Mistake(
            "gap-labels",
            _gap_labels,
            "You label every gap. Where the generator said the true token, the token *is* the "
            "text's own: its label is 0.",
        ),
        Mistake(
            "upside-down",
            lambda ids, positions, samples: (
                _answer(ids, positions, samples)[0],
                1 - _answer(ids, positions, samples)[1],
            ),
            "The labels are the wrong way round: 1 is *replaced*, 0 is *original*.",
        ),
        Mistake(
            "cls-replaced",
            _with_cls,
            "Position 0 is [CLS] and only fills up a row that has fewer gaps; leave it alone.",
        ),
        Mistake(
            "reads-the-text",
            lambda ids, positions, samples: (ids.copy(), _answer(ids, positions, samples)[1]),
            "The labels are right, but the discriminator would read the text itself, and there "
            "would be nothing to find.",
        ),
        Mistake(
            "labels-of-gaps-only",
            _at_gaps,
            "Your labels are those of the gaps, (batch, gaps); the discriminator is asked at "
            "*every* token, (batch, time). That is what makes ELECTRA learn faster.",
        ),
        Mistake(
            "first-rows-gaps",
            _first_row,
            "All rows are given the gaps of the first; each row has its own.",
        ),
        Mistake(
            "every-rows-gaps",
            _all_rows,
            "`read[:, positions]` writes the gaps of every row into all rows; a row index "
            "`np.arange(len(ids))[:, None]` beside `positions` keeps each row to its own.",
        ),
        Mistake(
            "compared-with-itself",
            _same_array,
            "All labels are 0: you wrote into the ids themselves and then compared the array with "
            "itself. Write into a copy, and compare that with the text.",
        ),
        Mistake(
            "nothing-replaced",
            _not_compared,
            "All labels are 0; a label says whether what is read differs from the text.",
        ),
        Mistake(
            "in-place",
            _in_place,
            "The values are right, but you wrote them into the ids themselves, which a caller "
            "still needs; work on a copy.",
        ),
    ],
    hints=[
        "First write the samples into a copy of the text, then ask where the two differ.",
        "Two index arrays of one shape: the row of each gap, and its position in the row.",
        "`rows = np.arange(len(ids))[:, None]` goes with `positions`; undo what was written to "
        "column 0 before you compare.",
    ],
)
