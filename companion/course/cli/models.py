"""Commands about models: `train` makes a checkpoint, and the others each use one."""

import enum
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from companion.course.cli.common import Json, Stop, command, print_json, suggest

TRANSLATOR = "translate-en-zh"
FILLER = "bert-mini-zh"
WRITER = "gpt-mini-en"
# The names of `companion.generation`, which imports Keras: a wrong one is to be said at once.
NAMES = ("greedy", "sample", "top-k", "top-p", "min-p", "beam", "contrastive")
Strategy = enum.Enum("Strategy", dict(zip(NAMES, NAMES, strict=True)), type=str)
NUCLEUS = Strategy("top-p")

Out = Annotated[Path | None, typer.Option("--out", help="Where to write; default: the cache.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(train)
    app.command()(finetune)
    app.command()(translate)
    app.command("fill-mask")(fill_mask)
    app.command()(generate)


@command
def train(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="Train for this many steps, not the recipe's.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start anew instead of resuming a run.")
    ] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Train a checkpoint by its recipe; without a NAME, list the recipes.

    A run that was killed is resumed by the same command and ends at the same weights.
    """
    from companion.course import recipes

    if name is None:
        _list(recipes.RECIPES.values(), as_json)
        return
    if name not in recipes.RECIPES:
        remedy = suggest(name, recipes.RECIPES) or f"there are: {', '.join(recipes.RECIPES)}"
        raise Stop(f"no recipe {name!r}", remedy)
    if steps is not None and steps < 1:
        raise Stop(f"--steps is {steps}", "train for at least 1 step")
    folder = recipes.train(
        name, out, steps, restart, say=lambda line: typer.echo(line, err=as_json)
    )
    if as_json:
        from companion import checkpoints

        print_json({"folder": str(folder), "card": checkpoints.card(folder)})
        return
    typer.echo(f"written to {folder}")


def _list(recipes, as_json: bool) -> None:
    """Every recipe, and where its checkpoint is if there is one."""
    from companion import checkpoints

    known = checkpoints.names()
    rows = [
        {
            "name": r.name,
            "title": r.title,
            "minutes": r.minutes,
            "folder": str(checkpoints.find(r.name)) if r.name in known else None,
        }
        for r in recipes
    ]
    if as_json:
        print_json({"recipes": rows})
        return
    for row in rows:
        typer.echo(f"{row['name']}: {row['title']}, about {row['minutes']} minutes")
        typer.echo(f"  {row['folder'] or 'not trained yet'}")


@command
def finetune(
    task: Annotated[str | None, typer.Argument(metavar="[TASK]")] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="full, scratch, frozen, lora or adapter; may be repeated."),
    ] = None,
    shares: Annotated[
        list[float] | None,
        typer.Option("--share", help="Of the training items, 0.01 to 1; may be repeated."),
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", help="Default 0; may be repeated.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="Train for this many steps, not the task's.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Do again what is finished or half done.")
    ] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Fine-tune on a task of chapter 10, beside its baselines; without a TASK, list them.

    Runs add up in the task's card; a finished one is not repeated, a killed one is resumed.
    """
    from companion.course import tasks

    if task is None:
        _list_tasks(tasks.TASKS.values(), as_json)
        return
    if task not in tasks.TASKS:
        remedy = suggest(task, tasks.TASKS) or f"there are: {', '.join(tasks.TASKS)}"
        raise Stop(f"no task {task!r}", remedy)
    wanted = tasks.Wanted(
        tuple(methods or ()), tuple(shares or (1.0,)), tuple(seeds or (0,)), steps, restart
    )
    try:
        wanted.check(tasks.TASKS[task])
    except ValueError as problem:
        raise Stop(str(problem)) from None
    folder, card = tasks.finetune(task, wanted, out, say=lambda line: typer.echo(line, err=as_json))
    if as_json:
        print_json({"folder": str(folder), "card": card})
        return
    typer.echo(f"written to {folder}")
    if tasks.results.supersedes(folder, task):
        typer.echo(
            "Chapter 10 now reads this card in place of the committed one; remove "
            f"{folder} to have that again."
        )


def _list_tasks(tasks, as_json: bool) -> None:
    """Every task, where it starts from, and where its results are if there are any."""
    from companion.course.tasks import results

    rows = [
        {
            "name": task.name,
            "title": task.title,
            "minutes": task.minutes,
            "starts from": task.checkpoint,
            "methods": list(task.methods),
            "folder": str(found) if (found := results.find(task.name)) else None,
        }
        for task in tasks
    ]
    if as_json:
        print_json({"tasks": rows})
        return
    for row in rows:
        start = f"from {row['starts from']}" if row["starts from"] else "from new weights"
        typer.echo(f"{row['name']}: {row['title']}, {start}, about {row['minutes']} minutes a run")
        typer.echo(f"  {row['folder'] or 'not run yet'}")


@command
def translate(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Default: lines of stdin.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="zh or en; by default the other language.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Translate English to Chinese or Chinese to English, with a small model of the course."""
    given = texts or [line for line in sys.stdin.read().splitlines() if line.strip()]
    if not given or not all(text.strip() for text in given):
        raise Stop("an empty text cannot be translated", 'try: companion translate "The cat sat."')
    if to not in (None, "zh", "en"):
        raise Stop(f"--to is {to!r}", "the languages are zh and en")
    from companion import checkpoints

    checkpoints.find(TRANSLATOR)  # a missing one is said before Keras is imported
    import companion.backend  # noqa: F401, first: it silences TensorFlow's start
    from companion import transformer

    translator = transformer.load_translator(TRANSLATOR)
    rows = []
    for text in given:
        wanted = to or ("en" if transformer.language_of(text) == "zh" else "zh")
        try:
            (translation,) = translator.translate([text], wanted)
        except ValueError as problem:
            raise Stop(str(problem)) from None
        rows.append({"text": text, "to": wanted, "translation": translation})
        if not as_json:
            typer.echo(translation)
    if as_json:
        print_json({"checkpoint": TRANSLATOR, "translations": rows})


@command
def fill_mask(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="Default: lines of stdin.")
    ] = None,
    k: Annotated[int, typer.Option("--k", help="How many characters to show for a gap.")] = 5,
    as_json: Json = False,
) -> None:
    """Guess the Chinese characters missing from a text; write [MASK] for each.

    Several gaps are guessed each on its own, so that the best of each need not go together.
    """
    given = texts or [line for line in sys.stdin.read().splitlines() if line.strip()]
    example = 'try: companion fill-mask "我在北京[MASK]书"'
    if not given or not all(text.strip() for text in given):
        raise Stop("an empty text has no gap", example)
    if lacking := [text for text in given if "[MASK]" not in text]:
        raise Stop(f"{lacking[0]!r} has no gap", f"write [MASK] for a character; {example}")
    if k < 1:
        raise Stop(f"--k is {k}", "show at least 1")
    from companion import checkpoints

    checkpoints.find(FILLER)  # a missing one is said before Keras is imported
    import companion.backend  # noqa: F401, first: it silences TensorFlow's start
    from companion import bert

    filler = bert.load_filler(FILLER)
    rows = []
    for text in given:
        try:
            gaps = filler.fill(text, k)
        except ValueError as problem:
            raise Stop(str(problem)) from None
        rows.append({"text": text, "gaps": [[list(pair) for pair in gap.best] for gap in gaps]})
        if not as_json:
            typer.echo(text)
            for number, gap in enumerate(gaps, start=1):
                best = "  ".join(f"{token} {prob:.3f}" for token, prob in gap.best)
                typer.echo(f"  {f'gap {number}: ' * (len(gaps) > 1)}{best}")
    if as_json:
        print_json({"checkpoint": FILLER, "texts": rows})


@command
def generate(
    prompt: Annotated[str, typer.Argument(help="How the text begins; it may be empty.")] = "",
    model: Annotated[str, typer.Option("--model", help="The checkpoint that writes.")] = WRITER,
    strategy: Annotated[
        Strategy, typer.Option("--strategy", help="How the next token is chosen.")
    ] = NUCLEUS,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", help="Below 1 for what is likely, above for surprises."),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option("--k", help="Of top-k; the width of the beam; candidates of contrastive."),
    ] = None,
    p: Annotated[float | None, typer.Option("--p", help="Of top-p and min-p.")] = None,
    tokens: Annotated[
        int | None, typer.Option("--tokens", help="How many at most; default 100, or what fits.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another one, another text.")] = 0,
    as_json: Json = False,
) -> None:
    """Go on with a text, word by word as it is written: in Shakespeare's English, or in Chinese.

    Chinese is what --model gpt-mini-zh has read: a novel, a newspaper, reviews.
    """
    if tokens is not None and tokens < 1:
        raise Stop(f"--tokens is {tokens}", "write at least 1")
    from companion import ONEDNN_WAS_ASKED, checkpoints
    from companion.course import recipes

    known = sorted({*checkpoints.names(), *recipes.RECIPES})
    if model not in known:
        raise Stop(
            f"no checkpoint {model!r}", suggest(model, known) or f"for example: --model {WRITER}"
        )
    checkpoints.find(model)  # a missing one is said before Keras is imported
    # Greedy was 1.2 to 1.4× as fast without oneDNN, others alike. TensorFlow looks when it starts.
    if not ONEDNN_WAS_ASKED and "tensorflow" not in sys.modules:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    import companion.backend  # noqa: F401, first: it silences TensorFlow's start
    from companion import generation
    from companion.gpt import trained

    try:
        network, tokenizer = trained.load(model)
    except TypeError:
        raise Stop(f"{model} is no GPT", f"for example: --model {WRITER}") from None
    end = tokenizer.special_tokens[trained.END_OF_TEXT]
    ids = tokenizer.encode_ordinary(prompt) or [end]
    given = {"temperature": temperature, "k": k, "p": p}
    given = {name: value for name, value in given.items() if value is not None}
    count = tokens or max(1, min(100, network.config.context_length - len(ids)))
    try:
        written = generation.write(
            network, ids, count, strategy.value, stop=[end], seed=seed, **given
        )
        pieces = generation.spoken(tokenizer, written)
        completion = next(pieces, "")  # what cannot be written is said before anything is shown
    except ValueError as problem:
        raise Stop(str(problem)) from None
    if not as_json:
        typer.echo(prompt + completion, nl=False)
    for piece in pieces:
        completion += piece
        if not as_json:
            typer.echo(piece, nl=False)
    if as_json:
        settings = generation.STRATEGIES[strategy.value] | given
        said = {"checkpoint": model, "prompt": prompt, "strategy": strategy.value, **settings}
        print_json({**said, "seed": seed, "completion": completion})
        return
    typer.echo()
