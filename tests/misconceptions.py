"""The catalogue's mistakes as submissions: source text that a sandbox can run.

A mistake's variant is an object (a closure, a partial, a number), not a cell. Its *source* is the
module of checks that makes it. So an answer cell carries those modules as text, builds them under
their own names, and takes the variant out by exercise and mistake: what the submission then gives
is the catalogued variant itself, for every mistake there is, and nothing is pickled. The sandbox
shows a submission no checks, which is why the text must come along.
"""

import ast
import inspect
import sys

from companion.course import catalogue

SHOWN = ("companion.probes",)  # what a sandbox has anyway

CARRIER = """import sys as _sys, types as _types
for _name, _text in {sources!r}.items():
    _module = _types.ModuleType(_name)
    _module.__path__ = []
    _sys.modules[_name] = _module
for _name, _text in {sources!r}.items():
    exec(compile(_text, _name, "exec"), _sys.modules[_name].__dict__)
"""

TAKEN = """
{name} = {{m.name: m.variant for m in next(
    e for e in _sys.modules[{module!r}].EXERCISES if e.name == {name!r}
).mistakes}}[{mistake!r}]
"""


def carried(module, seen=None):
    """{name: source} of a module and of the companion's modules that it imports, those first."""
    seen = {} if seen is None else seen
    if module in seen or module == "companion" or module.startswith(SHOWN):
        return seen
    text = inspect.getsource(sys.modules[module])
    seen[module] = None  # in work: its place is after what it imports
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("companion."):
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                if name in sys.modules and hasattr(sys.modules[name], "__file__"):
                    carried(name, seen)
    del seen[module]
    seen[module] = text
    return seen


def rounds(chapter):
    """[{exercise: mistake}]: the n-th mistake of every exercise, until none is left."""
    exercises = catalogue.exercises(chapter).values()
    longest = max(len(exercise.mistakes) for exercise in exercises)
    return [
        {e.name: e.mistakes[n].name for e in exercises if n < len(e.mistakes)}
        for n in range(longest)
    ]


def answers(chapter, mistakes):
    """{exercise: source} of answers that make these mistakes; the first one carries the modules."""
    catalogue.exercises(chapter)
    module = f"companion.checks.{chapter}"
    cells = {
        name: TAKEN.format(name=name, module=module, mistake=mistake)
        for name, mistake in mistakes.items()
    }
    first = next(iter(cells))
    cells[first] = CARRIER.format(sources=carried(module)) + cells[first]
    return cells
