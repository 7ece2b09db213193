"""The verdict on one exercise as data, and its three views: text, HTML, terminal.

A state is always shown as a sign *and* a word, never by colour alone. Everything that comes from a
learner is stripped of control characters and, in HTML, escaped.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

PASSED, FAILED, ERROR, NOT_ATTEMPTED = "passed", "failed", "error", "not attempted"
TIMEOUT, KILLED, INFRASTRUCTURE = "timeout", "killed", "infrastructure"  # said by a grader only

SIGNS = {
    PASSED: "✓",
    FAILED: "✗",
    ERROR: "!",
    NOT_ATTEMPTED: "○",
    TIMEOUT: "⧖",
    KILLED: "■",
    INFRASTRUCTURE: "?",
}
COLOURS = {PASSED: "green", FAILED: "red", ERROR: "magenta", NOT_ATTEMPTED: "blue"}
HTML_COLOURS = {
    PASSED: "#1a7f37",
    FAILED: "#cf222e",
    ERROR: "#8250df",
    NOT_ATTEMPTED: "#57606a",
}
OTHER = "yellow", "#9a6700"


@dataclass(frozen=True)
class Report:
    """What the judge says about one answer.

    `details` are labelled lines, such as ("your answer gives", "shape (3,)"). `candidates` are all
    the mistakes that explain the answer; with a good generator there is never more than one.
    """

    exercise: str
    state: str
    mistake: str | None = None  # the misconception's name
    hint: str | None = None  # what to say about it
    message: str = ""  # one or two sentences
    title: str = ""
    details: tuple[tuple[str, str], ...] = ()
    error: Mapping[str, Any] | None = None  # type, message, line, source of an exception
    candidates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # about the notebook: a cell missing, defined twice
    cases: int = 0
    seed: int = 0
    definition: str = ""  # the exercise's fingerprint
    answer: str = ""  # a hash of the answer's source, where it is known

    def __post_init__(self):
        """Refuse a state that no view could show."""
        if self.state not in SIGNS:
            raise ValueError(f"state {self.state!r}; it is one of {', '.join(SIGNS)}")

    @property
    def passed(self) -> bool:
        """True for `passed` only."""
        return self.state == PASSED

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        data = asdict(self)
        data["details"] = [list(pair) for pair in self.details]
        data["candidates"], data["notes"] = list(self.candidates), list(self.notes)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Report":
        """The report that `to_json` described. Raises `ValueError` if it is not one."""
        try:
            data = dict(data)
            data["details"] = tuple((str(a), str(b)) for a, b in data.get("details", ()))
            data["candidates"] = tuple(data.get("candidates", ()))
            data["notes"] = tuple(data.get("notes", ()))
            return cls(**data)
        except TypeError as error:
            raise ValueError(f"not a report: {error}; it needs `exercise` and `state`") from None


def clean(text: object) -> str:
    """Text without control characters, which could move a terminal's cursor or hide a line."""
    text = str(text)
    # What Python calls printable has no control characters: nearly all texts, told at once.
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    kept = (
        c if c in "\n\t" or unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
    return "".join(kept)


def lines(report: Report) -> list[tuple[str, str]]:
    """The body of every view, as (label, text); the label is empty for a plain sentence."""
    body = [("", report.message)] if report.message else []
    if report.hint:
        body.append(("hint", report.hint))
    if report.error and report.error.get("line"):
        source = report.error.get("source")
        body.append((f"line {report.error['line']}", source or "(source not known)"))
    body += report.details
    body += [("note", note) for note in report.notes]
    return [(clean(label), clean(text)) for label, text in body]


def heading(report: Report) -> str:
    """The sign, the word, the exercise and, where one was recognised, the mistake."""
    named = f" [{report.mistake}]" if report.mistake else ""
    return clean(f"{SIGNS[report.state]} {report.state}: {report.exercise}{named}")


def as_text(report: Report) -> str:
    """The report as plain lines."""
    rows = [heading(report)]
    for label, text in lines(report):
        first, *rest = text.splitlines() or [""]
        rows.append(f"  {label}: {first}" if label else f"  {first}")
        rows += [f"    {line}" for line in rest]
    return "\n".join(rows)


PROSE = ("", "hint", "note")  # the labels of sentences; what has another label is code or a value
QUOTED = re.compile(r"`([^`]+)`")


def as_html(report: Report) -> str:
    """The report as one self-contained element: no script, no class, no outside style."""
    colour = HTML_COLOURS.get(report.state, OTHER[1])
    rows = []
    for label, text in lines(report):
        body = html.escape(text)
        if label in PROSE:
            body = QUOTED.sub(r"<code>\1</code>", body).replace("\n", "<br>")
        else:  # code and values: an array's columns stay columns
            body = f'<code style="white-space:pre-wrap">{body}</code>'
        rows.append(f"<div>{f'<b>{html.escape(label)}</b>: ' if label else ''}{body}</div>")
    sign, _, rest = heading(report).partition(" ")
    head = f'<span aria-hidden="true">{sign}</span> {html.escape(rest)}'
    return (
        f'<div role="status" style="border-left:4px solid {colour};padding:4px 12px;margin:4px 0">'
        f'<div style="font-weight:bold;color:{colour}">{head}</div>{"".join(rows)}</div>'
    )


def as_renderable(report: Report) -> Any:
    """The report as a Rich renderable; Rich itself drops the colours under `NO_COLOR`."""
    from rich.text import Text

    text = Text(heading(report), style=f"bold {COLOURS.get(report.state, OTHER[0])}")
    for label, body in lines(report):
        text.append("\n  ", style="not bold default")
        if label:
            text.append(f"{label}: ", style="bold default")
        text.append(body.replace("\n", "\n    "), style="not bold default")
    return text


def show(reports: Iterable[Report], console: Any = None) -> None:
    """Print reports to the terminal."""
    from rich.console import Console

    console = console or Console()
    for report in reports:
        console.print(as_renderable(report), soft_wrap=not console.is_terminal)
