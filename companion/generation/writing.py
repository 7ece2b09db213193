"""A text written by the name of a strategy, and shown as soon as its characters are whole.

Chapter 8. What `companion generate` uses.
"""

from collections.abc import Iterable, Iterator, Sequence

from .beam import beam_search
from .cache import Model
from .contrastive import contrastive_search
from .filters import Filters
from .loops import stream

# The settings that a strategy looks at, and what they are if nobody says.
STRATEGIES: dict[str, dict[str, float]] = {
    "greedy": {},
    "sample": {"temperature": 1.0},
    "top-k": {"temperature": 1.0, "k": 40},
    "top-p": {"temperature": 1.0, "p": 0.9},
    "min-p": {"temperature": 1.0, "p": 0.05},
    "beam": {"k": 4},
    "contrastive": {"k": 4},
}


def write(
    model: Model,
    prompt: Sequence[int],
    max_tokens: int,
    strategy: str,
    *,
    stop: Sequence[int] = (),
    seed: int = 0,
    **settings: float,
) -> Iterator[int]:
    """Yield the ids of a text one by one; searches (`beam`, `contrastive`) find all of them first.

    `settings` are those of `STRATEGIES`: k is the beam's width and how many candidates contrastive
    search has. `beam` compares log p per token (`length_penalty` 1). Raises `ValueError` for an
    unknown strategy, for a setting that it does not look at, and as the strategy itself does: what
    is written token by token raises when the first id is asked for.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"no strategy {strategy!r}; there are: {', '.join(STRATEGIES)}")
    for name in settings:
        if name not in STRATEGIES[strategy]:
            known = ", ".join(STRATEGIES[strategy]) or "nothing"
            raise ValueError(f"{strategy} does not look at {name}; it looks at: {known}")
    settings = STRATEGIES[strategy] | settings
    if strategy == "beam":
        found = beam_search(
            model, [prompt], max_tokens, width=int(settings["k"]), length_penalty=1.0, stop=stop
        )
        return iter(found[0][0].ids)
    if strategy == "contrastive":
        found = contrastive_search(model, [prompt], max_tokens, k=int(settings["k"]), stop=stop)
        return iter(found[0])
    if strategy == "greedy":
        return stream(model, prompt, max_tokens, stop=stop, seed=None)
    return stream(
        model, prompt, max_tokens, filters=_filters(strategy, settings), stop=stop, seed=seed
    )


def _filters(strategy: str, settings: dict[str, float]) -> Filters:
    filters = {"temperature": settings["temperature"]}
    if "k" in settings:
        filters["top_k"] = int(settings["k"])
    if "p" in settings:
        filters[strategy.replace("-", "_")] = settings["p"]
    return Filters(**filters)


def spoken(tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Yield the text of ids piece by piece, each when its characters are whole.

    A token of byte-level BPE may end within a character; what is cut off waits for the next one.
    """
    waiting: list[int] = []
    for number in ids:
        waiting.append(number)
        text = tokenizer.decode(waiting)
        if not text.endswith("\N{REPLACEMENT CHARACTER}"):
            yield text
            waiting = []
    if waiting:
        yield tokenizer.decode(waiting)
