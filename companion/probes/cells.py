"""Run a learner's cells without a kernel, in order, in one namespace.

Both the learner's own checks and the sandbox use this, so that a cell means the same in both.
"""

import ast
import linecache
from typing import Any

from companion.probes import fault, quiet

TIMED = ("time", "timeit", "capture", "prun")  # cell magics whose body is the learner's code


def parse_code(code: str) -> ast.Module:
    """The syntax tree of a cell; IPython's magics are translated. Raises `SyntaxError`."""
    try:
        return ast.parse(code)
    except SyntaxError:
        if not any(line.lstrip()[:1] in ("%", "!", "?") for line in code.splitlines()):
            raise
    from IPython.core.inputtransformer2 import TransformerManager

    return ast.parse(TransformerManager().transform_cell(code))


def fresh_namespace() -> dict[str, Any]:
    """What a cell finds before anything has run: `display` and IPython's shell, both mute."""
    namespace: dict[str, Any] = {"__name__": "__main__", "display": lambda *things, **options: None}
    namespace["get_ipython"] = lambda: _Shell(namespace)
    return namespace


def run_cell(code: str, filename: str, namespace: dict[str, Any]) -> dict[str, Any] | None:
    """Execute one cell; its exception as data (`companion.probes.fault`), None if there was none.

    Raises `KeyboardInterrupt` only.
    """
    lines = code.splitlines(keepends=True)
    linecache.cache[filename] = (len(code), None, lines, filename)  # for tracebacks and inspect
    try:
        with quiet():
            compiled = compile(parse_code(code), filename, "exec", dont_inherit=True)
            exec(compiled, namespace)
    except KeyboardInterrupt:
        raise
    except BaseException as caught:  # exit() in a cell included
        return fault(caught)
    return None


class _Shell:
    """As much of IPython's shell as a translated magic needs: it ignores all but timed code."""

    def __init__(self, namespace: dict[str, Any]):
        self._namespace = namespace

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in TIMED:
            exec(compile(body, f"<%%{name}>", "exec", dont_inherit=True), self._namespace)

    def run_line_magic(self, name: str, line: str, *more: Any) -> None:
        """Nothing: a line magic configures or measures."""

    system = getoutput = run_line_magic
