"""The `companion` command. `companion --help` lists what it can do; bare, it says what to do next.

The commands are in modules by who uses them: `learn` (the learner's), `rescue` (hint, solution,
reset), `machine` (doctor, lab, data), `models` (train, finetune, translate), `teach` (the
instructor's and the maintainer's), `desk` (grading). They import what they need when they run, so
that help costs no NumPy and a check costs no Keras.
"""

import sys

import typer

from companion.course.cli import desk, learn, machine, models, rescue, teach
from companion.course.cli.common import Json, command

app = typer.Typer(
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Click's own help: plain, and twice as fast
    help="A companion to the textbook on large language models. Without a command: what to do "
    "next. Exit codes: 0 ok, 1 failed, 2 usage, 3 not attempted, 4 infrastructure.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
@command
def bare(context: typer.Context, as_json: Json = False) -> None:
    """Without a command: what to do next."""
    if context.invoked_subcommand is None:
        learn.next_step(as_json)
    elif as_json:
        name = context.invoked_subcommand
        raise typer.BadParameter(f"write it after the command: companion {name} --json")


learn.register(app)
rescue.register(app)
machine.register(app)
models.register(app)
teach.register(app)
desk.register(app)


def main() -> None:
    """Entry point of the `companion` script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ✓ still gets the words
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
