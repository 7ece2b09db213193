"""Exhausting: processes, threads, memory, disk, descriptors, output, the stack."""

from attacks.case import ANY, STOPPED, WRONG, Attack

ANSWER = "\ndef perplexity(log_probs):\n    return 1.0\n"

EXHAUSTING = (
    Attack("a fork bomb", "while True:\n    os.fork()\n", ANY, fast=True),
    Attack(
        "a fork bomb that survives refusals",
        """
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        STOPPED,
    ),
    Attack(
        "a thread bomb",
        """
import threading
def sleep_on():
    try:
        threading.Thread(target=sleep_on).start()
    except RuntimeError:
        pass
    time.sleep(3600)
sleep_on()
""",
        STOPPED,
    ),
    Attack("memory in one piece", "block = bytearray(8 * 2**30)" + ANSWER, WRONG),
    Attack(
        "memory bit by bit",
        "blocks = []\nwhile True:\n    blocks.append(bytearray(2**20))\n" + ANSWER,
        ANY,
        fast=True,
    ),
    Attack(
        "memory in many processes",
        """
for _ in range(12):
    if os.fork() == 0:
        block = bytearray(b"x") * (120 * 2**20)
        time.sleep(3600)
time.sleep(3600)
""",
        STOPPED,
    ),
    Attack(
        "memory shared between processes",
        """
import mmap
block = mmap.mmap(-1, 2**30)
gained("anonymous shared memory")
""",
        WRONG,
    ),
    Attack("memory without a process", "os.memfd_create('x'); gained('memfd')", WRONG),
    Attack(
        "System V memory",
        "if libc.shmget(0, 2**30, 0o1600) >= 0: gained('shmget')" + ANSWER,
        WRONG,
    ),
    Attack(
        "a huge array from a small input",
        "def perplexity(log_probs):\n    import numpy as np\n    return np.zeros(10**11)\n",
        WRONG,
    ),
    Attack(
        "a huge result",
        "def perplexity(log_probs):\n    import numpy as np\n"
        "    return float(np.zeros(6 * 10**7).sum())\n",
        WRONG,
    ),
    Attack(
        "disk: /tmp",
        """
with open("/tmp/full", "wb") as file:
    while True:
        file.write(bytes(2**20))
""",
        ANY,
    ),
    Attack(
        "disk: many files of allowed size",
        """
total = 0
try:
    for number in range(64):
        with open(f"/tmp/{number}", "wb") as file:
            total += file.write(bytes(2**24))
finally:
    if total > 2**27:
        gained(f"{total} bytes of disk")
""",
        ANY,
    ),
    Attack(
        "disk: every folder there is",
        """
for folder, _, _ in os.walk("/"):
    if folder.startswith(("/proc", "/tmp")):
        continue
    try:
        with open(os.path.join(folder, "x"), "wb") as file:
            file.write(b"x")
        gained("wrote in " + folder)
    except OSError:
        pass
"""
        + ANSWER,
        ANY,
        neighbour=True,
    ),
    Attack(
        "names: a million empty files",
        """
for number in range(10**6):
    os.mknod(f"/tmp/{number}")
gained("a million files")
""",
        ANY,
    ),
    Attack(
        "descriptors",
        "held = []\nwhile True:\n    held.append(open('/dev/null'))\n",
        WRONG,
    ),
    Attack(
        "pipes full of bytes",
        """
for _ in range(10**4):
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, bytes(65536))
    except BlockingIOError:
        pass
gained("10,000 pipes")
""",
        WRONG,
    ),
    Attack("stdout in a loop", "while True:\n    os.write(1, bytes(65536))\n", STOPPED),
    Attack("print in a loop", "while True:\n    print('x' * 65536)\n", ANY),
    Attack(
        "the result pipe in a loop",
        """
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b"")
    except OSError:
        continue
    while True:
        try:
            os.write(descriptor, b"x" * 65536)
        except OSError:
            break
"""
        + ANSWER,
        STOPPED,
    ),
    Attack(
        "one endless line on the result pipe",
        """
def perplexity(log_probs):
    for descriptor in range(3, 64):
        try:
            for _ in range(1000):
                os.write(descriptor, b"[" * 65536)
        except OSError:
            pass
    return 1.0
""",
        STOPPED,
    ),
    Attack(
        "brackets in brackets",
        """
def perplexity(log_probs):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"[" * 30000 + b"\\n")
        except OSError:
            pass
    return 1.0
""",
        STOPPED,
    ),
    Attack(
        "recursion",
        "def perplexity(log_probs):\n    return perplexity(log_probs)\n",
        WRONG,
    ),
    Attack(
        "recursion without a limit",
        "sys.setrecursionlimit(10**9)\n"
        "def perplexity(log_probs):\n    return eval('perplexity(log_probs)')\n",
        ANY,
    ),
    Attack("segmentation fault", "ctypes.string_at(0)", STOPPED),
    Attack(
        "a source that compiles for ever", "x = " + "(" * 90 + "1" + ")" * 90 + " ** 9" * 4000, ANY
    ),
    Attack("a number with a billion digits", "x = 10 ** (10 ** 9)", ANY),
    Attack(
        "a number too long to write",
        "def perplexity(log_probs):\n    return 10 ** 5000\n",
        WRONG,
    ),
    Attack(
        "an exception with a huge message",
        "def perplexity(log_probs):\n    raise ValueError('x' * 10**8)\n",
        WRONG,
    ),
    Attack(
        "names by the hundred thousand",
        "globals().update((f'perplexitx{i}', i) for i in range(300000))\n",
        ANY,
    ),
    Attack(
        "a higher limit",
        "import resource\nfor limit in (0, 1, 2, 6, 7, 9):\n"
        "    try:\n        resource.setrlimit(limit, (-1, -1))\n        gained(f'limit {limit}')\n"
        "    except (OSError, ValueError):\n        pass\n" + ANSWER,
        WRONG,
    ),
)
