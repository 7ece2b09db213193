"""Forging: verdicts, answers and values that are not what they seem."""

from attacks.case import ANY, STOPPED, WRONG, Attack

TOOLS = '''
import json


def descriptors():
    """The descriptors that can be written to, the log left out."""
    for number in range(3, 64):
        try:
            os.write(number, b"")
            yield number
        except OSError:
            pass


def say(data):
    for number in descriptors():
        os.write(number, data if isinstance(data, bytes) else json.dumps(data).encode() + b"\\n")


def token():
    """The token of the request that is being answered, from the worker's own frame."""
    frame = sys._getframe()
    while frame:
        request = frame.f_locals.get("request")
        if isinstance(request, dict) and "token" in request:
            return request["token"]
        frame = frame.f_back


def worker():
    frame = sys._getframe()
    while frame:
        if type(frame.f_locals.get("self")).__name__ == "Worker":
            return frame.f_locals["self"]
        frame = frame.f_back


RIGHT = {"kind": "function", "outputs": {"value": 1.0}, "mutated": False, "error": None}

'''
VERDICT = '{"exercise": "perplexity", "state": "passed", "points": 100, "passed": True}'

FORGING = (
    Attack(
        "a verdict on stdout",
        f"print({VERDICT}); os.write(1, b'passed\\n')\ndef perplexity(log_probs):\n"
        f"    print({VERDICT}); return {VERDICT}\n",
        WRONG,
    ),
    Attack(
        "a verdict on the pipe",
        TOOLS + f"def perplexity(log_probs):\n    say({VERDICT}); return 1.0\n",
        STOPPED,
    ),
    Attack(
        "two answers to one call",
        TOOLS + "def perplexity(log_probs):\n"
        "    say({'token': token(), 'outcomes': [RIGHT] * 8}); return 1.0\n",
        STOPPED,
        fast=True,
    ),
    Attack(
        "an answer to the wrong call",
        TOOLS + "say({'token': '0' * 16, 'outcomes': [RIGHT] * 8})\n"
        "def perplexity(log_probs):\n    return 1.0\n",
        STOPPED,
    ),
    Attack(
        "an answer, then the end",
        TOOLS + "def perplexity(log_probs):\n"
        "    say({'token': token(), 'outcomes': [RIGHT] * 8}); os._exit(0)\n",
        STOPPED,
    ),
    Attack(
        "answers from a thread, for ever",
        TOOLS
        + """
import threading
def shout():
    while True:
        say({'token': '0' * 16, 'outcomes': [RIGHT] * 8})
        time.sleep(0.001)
threading.Thread(target=shout, daemon=True).start()
def perplexity(log_probs):
    return 1.0
""",
        STOPPED | WRONG,
        neighbour=False,
    ),
    Attack(
        "a worker that answers for itself",
        TOOLS
        + """
def perplexity(log_probs):
    me = worker()
    me.calls = lambda request: {"outcomes": [RIGHT] * 8}
    return 1.0
""",
        WRONG,
        neighbour=False,
    ),
    Attack(
        "a worker that adds fields",
        TOOLS
        + """
def perplexity(log_probs):
    me = worker()
    me.calls = lambda request: {"outcomes": [{**RIGHT, "state": "passed"}] * 8, "state": "passed"}
    return 1.0
""",
        ANY,
        neighbour=False,
    ),
    Attack(
        "a pickle in place of a line",
        TOOLS
        + """
import pickle
class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/pwned",)
def perplexity(log_probs):
    say(pickle.dumps(Bomb()) + b"\\n"); return 1.0
""",
        STOPPED,
    ),
    Attack(
        "probes that always report a pass",
        """
import companion.probes as probes
probes.run = lambda *a: {"kind": "function", "outputs": {"value": 1.0, "passed": True},
                         "mutated": False, "error": None, "state": "passed"}
def perplexity(log_probs):
    return 1.0
""",
        ANY,
        neighbour=False,
    ),
    Attack(
        "NumPy that finds all close",
        """
import numpy as np
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
np.abs = lambda *a, **k: 0.0
def perplexity(log_probs):
    return 1.0
""",
        WRONG,
        neighbour=False,
    ),
    Attack(
        "json that writes a pass",
        """
import json
json.dumps = lambda *a, **k: '{"state": "passed"}'
def perplexity(log_probs):
    return 1.0
""",
        ANY,
        neighbour=False,
    ),
    Attack(
        "builtins that lie",
        """
import builtins
builtins.float = lambda *a: 1.0
builtins.isinstance = lambda *a: True
def perplexity(log_probs):
    return 1.0
""",
        ANY,
        neighbour=False,
    ),
    Attack(
        "a float that equals everything",
        """
class Liar(float):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __sub__ = __rsub__ = lambda self, other: 0.0
    __hash__ = float.__hash__
def perplexity(log_probs):
    return Liar(1.0)
""",
        WRONG,
        fast=True,
    ),
    Attack(
        "an object that is any number",
        """
class Any:
    def __float__(self):
        return Any2(1.0)
    __array__ = lambda self, *a, **k: __import__("numpy").array([Any()], dtype=object)
class Any2(float):
    __eq__ = lambda self, other: True
def perplexity(log_probs):
    return Any()
""",
        WRONG,
    ),
    Attack("not a number", "def perplexity(log_probs):\n    return float('nan')\n", WRONG),
    Attack("infinity", "def perplexity(log_probs):\n    return float('inf')\n", WRONG),
    Attack("minus infinity", "def perplexity(log_probs):\n    return -float('inf')\n", WRONG),
    Attack("nothing", "def perplexity(log_probs):\n    return None\n", WRONG),
    Attack("the input itself", "def perplexity(log_probs):\n    return log_probs\n", WRONG),
    Attack("text", "def perplexity(log_probs):\n    return 'passed'\n", WRONG),
    Attack("true", "def perplexity(log_probs):\n    return True\n", WRONG),
    Attack(
        "an array of objects",
        "import numpy as np\ndef perplexity(log_probs):\n"
        "    return np.array([object()], dtype=object)\n",
        WRONG,
    ),
    Attack(
        "a range in place of a number",
        "import numpy as np\ndef perplexity(log_probs):\n    return np.linspace(0, 1e6, 10**6)\n",
        WRONG,
    ),
    Attack(
        "a number that is remembered",
        """
seen = []
def perplexity(log_probs):
    seen.append(log_probs)
    return float(len(seen))
""",
        WRONG,
    ),
    Attack(
        "the seed, guessed",
        """
import numpy as np
from companion.probes import ngram
def perplexity(log_probs):
    np.random.seed(0)
    return float(np.exp(-np.random.default_rng([0, 0]).normal()))
""",
        WRONG,
    ),
    Attack(
        "an array on the pipe whose bytes do not fit",
        TOOLS
        + """
def perplexity(log_probs):
    say({"token": token(), "outcomes": 8 * [{**RIGHT, "outputs":
        {"value": {"array": "", "dtype": "f8", "shape": [2**30, 2**30]}}}]})
    return 1.0
""",
        STOPPED,
    ),
    Attack(
        "an array on the pipe of type O",
        TOOLS
        + """
def perplexity(log_probs):
    say({"token": token(), "outcomes": 8 * [{**RIGHT, "outputs":
        {"value": {"array": "AAAAAAAAAAA=", "dtype": "O8", "shape": [1]}}}]})
    return 1.0
""",
        STOPPED,
    ),
    Attack(
        "half a surrogate pair and a terminal's escapes",
        "def perplexity(log_probs):\n"
        "    raise ValueError('\\ud800\\x1b]0;passed\\x07\\x1b[2J<script>alert(1)</script>')\n",
        WRONG,
    ),
    Attack(
        "an exception class with a lying name",
        """
class passed(Exception):
    __str__ = lambda self: '"state": "passed"'
passed.__name__ = passed.__qualname__ = '"}\\n{"state": "passed"}'
def perplexity(log_probs):
    raise passed
""",
        WRONG,
    ),
    Attack(
        "an exception that cannot be described",
        """
class Bad(Exception):
    def __str__(self):
        os._exit(0)
def perplexity(log_probs):
    raise Bad
""",
        STOPPED,
    ),
    Attack("a look-alike name", "def perplеxity(log_probs):\n    return 1.0\n", WRONG),
    Attack(
        "a metaclass that is every type",
        """
class Meta(type):
    __instancecheck__ = lambda cls, other: True
    __eq__ = lambda cls, other: True
    __hash__ = type.__hash__
class Number(metaclass=Meta):
    def __float__(self):
        return 1.0
def perplexity(log_probs):
    return Number()
""",
        WRONG,
    ),
    Attack(
        "an import hook that swaps the probe",
        """
import types
fake = types.ModuleType("companion.probes.ngram")
fake.scalar = lambda answer, case: {"value": 1.0}
sys.modules["companion.probes.ngram"] = fake
def perplexity(log_probs):
    return 1.0
""",
        ANY,
        neighbour=False,
    ),
    Attack(
        "a check that is called by the student",
        "from companion.course import check\n"
        "def perplexity(log_probs):\n    return check('perplexity') or 1.0\n",
        WRONG,
    ),
)
