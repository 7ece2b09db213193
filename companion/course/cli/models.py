"""Commands about models: `train` makes a checkpoint, `translate` uses one."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from companion.course.cli.common import Json, Stop, command, print_json, suggest

TRANSLATOR = "translate-en-zh"


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(train)
    app.command()(translate)


@command
def train(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="Train for this many steps, not the recipe's.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start anew instead of resuming a run.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write; default: the cache.")
    ] = None,
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
