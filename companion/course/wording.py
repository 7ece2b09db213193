"""Every sentence that the judge says, and the remedies for typical exceptions.

They are together so that they can be read in one go, and translated. No function here decides
anything; none is ever given the expected value of an exercise that asks for a value.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MUTATES = "mutates-input"
MUTATES_HINT = (
    "Your answer changes the inputs that it is given. Work on a copy (`x = x.copy()`), or write "
    "`x = x + 1` where you have `x += 1`."
)
STUB = "Nothing here yet: replace the line that raises NotImplementedError."
STARTER = "This still behaves exactly like the code that you were given."
UNNAMED = "Not right yet; the smallest case in which it shows is below."
HIDDEN = "Not the right value."
HIGH = "Too high."
LOW = "Too low."
DELETED = (
    "The cell of `{name}` is missing from this notebook. `companion reset {name}` brings it back."
)
TWICE = "`{name}` is defined in {count} cells ({cells}); the last one counts."
STOPPED = "The cell stopped with an error after it had defined `{name}`: {error}."
SETUP = "A cell further up failed, which may be the cause: {error}."

A_KIND = {
    "function": "a function",
    "class": "a class",
    "number": "a number",
    "text": "a text",
    "array": "an array",
    "list": "a list",
    "dict": "a dictionary",
    "set": "a set",
}

# The first pattern that is found in "Type: message" gives the remedy.
REMEDIES = (
    (r"NotImplementedError", "A line of the stub is still there: replace it."),
    (r"NameError: name '(np|math|keras|Counter)'", "Run the notebook's first cell: it imports it."),
    (
        r"NameError|UnboundLocalError",
        "Look for a misspelt name, a name that is used before it is set, or a name from a cell "
        "that was not run.",
    ),
    (
        r"TypeError: .*(positional argument|unexpected keyword|multiple values)",
        "Keep the arguments' names and order as the stub has them.",
    ),
    (r"TypeError: .*not callable", "Something that is no function is called: look at the ( ."),
    (r"TypeError: .*NoneType", "A function without `return` gives None; the None is used here."),
    (
        r"TypeError: only (0-dimensional|length-1|size-1) arrays",
        "One number is wanted where an array came: take its sum or its mean, or one entry of it.",
    ),
    (r"TypeError: .*gives a (builtin_)?(function|method)", "Call it: put ( ) after its name."),
    (r"TypeError: .*gives a (generator|map|filter|zip)", "Wrap it in list( )."),
    (r"AttributeError: 'NoneType'", "A function without `return` gives None; it is used here."),
    (r"AttributeError", "That kind of object has no such member: print type(...) of it."),
    (
        r"broadcast|matmul|[Ss]hapes?\b|not aligned",
        "Print the shapes of both operands just before this line.",
    ),
    (r"truth value of an array", "Use `.any()`, `.all()` or `np.where` on the comparison."),
    (r"ModuleNotFoundError|ImportError", "Is the environment active that the README sets up?"),
    (r"IndexError", "An index runs past the end: print the length and the index."),
    (r"KeyError", "The key is not there in this case: ask with `in` first, or use `.get`."),
    (r"ZeroDivisionError", "Which case makes the denominator 0? Decide what it should give."),
    (r"RecursionError", "The recursion never ends: check the case in which it should stop."),
    (r"IndentationError|TabError", "Indent the body of the function by four spaces, no tabs."),
    (r"SyntaxError", "Look at the end of the line before, too: a bracket or a colon is missing."),
    (r"MemoryError|OverflowError", "A number or an array grows far too large here."),
    (r"SystemExit", "Leave exit() out: the function should return."),
)


def passed(cases: int) -> str:
    """What to say about a right answer."""
    return "Right." if cases == 1 else f"Right in all {cases} cases."


def remedy(error: Mapping[str, Any]) -> str | None:
    """What to do about a typical exception; None where there is nothing useful to say."""
    text = f"{error['type']}: {error['message']}"
    return next((advice for pattern, advice in REMEDIES if re.search(pattern, text)), None)


def exception(error: Mapping[str, Any]) -> str:
    """The exception in one line."""
    message = error["message"]
    return f"{error['type']}: {message}" if message else str(error["type"])


def missing(name: str, similar: Sequence[str]) -> str:
    """A name that is not defined, with those that look like it."""
    if not similar:
        return f"`{name}` is not defined yet."
    alike = ", ".join(f"`{other}`" for other in similar)
    return f"`{name}` is not defined. You have {alike}: is that the one, under another name?"


def empty(name: str) -> str:
    """A value that is still the stub's `...`, or None."""
    return f"`{name}` has no value yet: replace the `...`."


def wrong_kind(name: str, got: str, wanted: str) -> str:
    """An answer that is, say, a number where a function is wanted."""
    is_a, want_a = A_KIND.get(got, f"a {got}"), A_KIND.get(wanted, f"a {wanted}")
    sentence = f"`{name}` is {is_a}, and {want_a} is wanted."
    if got in ("function", "class"):
        return f"{sentence} Did you forget to call it, `{name} = ...(...)`?"
    if wanted in ("function", "class"):
        return f"{sentence} Was the name used again for something else, below the definition?"
    return sentence


def no_error(wanted: str) -> str:
    """The reference refuses the input, the answer does not."""
    return f"This input must be refused: {wanted} is wanted, and nothing was raised."


def other_error(got: Mapping[str, Any], wanted: str) -> str:
    """The answer refuses the input with another exception than the reference."""
    return f"This input must be refused with {wanted}; yours raised {exception(got)}."


def several(names: Sequence[str]) -> str:
    """More than one catalogued mistake explains the answer."""
    return f"This behaves like {len(names)} known mistakes: {', '.join(names)}."


def mismatch(reason: str, output: str) -> str:
    """Which output differs and how: by kind, shape, type of number, or values."""
    return {
        "kind": f"`{output}` is not the kind of value that is wanted.",
        "nothing": f"`{output}` is None: did you forget `return`?",
        "shape": f"`{output}` has the wrong shape.",
        "dtype": f"`{output}` has the right shape but the wrong type of number.",
        "length": f"`{output}` has the wrong length.",
        "values": f"`{output}` has the right shape but wrong values.",
        "value": f"`{output}` is wrong.",
    }[reason]
