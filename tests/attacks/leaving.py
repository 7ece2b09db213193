"""Leaving or hanging: the process ends, never ends, or tries to outlive its judge."""

from attacks.case import ANY, STOPPED, WRONG, Attack

IN_CALL = "def perplexity(log_probs):\n    "

LEAVING = (
    Attack("exit in the cell", "raise SystemExit(0)", WRONG),
    Attack("exit in the call", IN_CALL + "sys.exit(0)", WRONG),
    Attack("_exit in the cell", "os._exit(0)", STOPPED),
    Attack("_exit in the call", IN_CALL + "os._exit(0)", STOPPED, fast=True),
    Attack("kill itself", IN_CALL + "os.kill(os.getpid(), 9); return 1.0"),
    Attack("kill everything", IN_CALL + "os.kill(-1, 9); return 1.0"),
    Attack("terminate its group", IN_CALL + "os.killpg(0, 15); return 1.0"),
    Attack("stop itself", IN_CALL + "os.kill(os.getpid(), 19); return 1.0"),
    Attack("abort", IN_CALL + "os.abort()", STOPPED),
    Attack("kill the grader", "os.kill(GRADER, 9); gained('signal')", WRONG),
    Attack("loop in the cell", "while True: pass", STOPPED),
    Attack("loop in the call", IN_CALL + "while True: pass", STOPPED),
    Attack("sleep", IN_CALL + "time.sleep(10**6)", STOPPED),
    Attack(
        "loop with all signals ignored",
        """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass
""",
        STOPPED,
    ),
    Attack(
        "a late thread",
        """
import threading
def late():
    time.sleep(0.3)
    os._exit(0)
threading.Thread(target=late, daemon=True).start()
def perplexity(log_probs):
    time.sleep(1)
    return 1.0
""",
        STOPPED,
    ),
    Attack(
        "a thread that never ends",
        """
import threading
def spin():
    while True:
        pass
threading.Thread(target=spin).start()
def perplexity(log_probs):
    return 1.0
""",
        WRONG,
        neighbour=False,
    ),
    Attack(
        "a daemon, forked twice",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.1)
    os._exit(0)
def perplexity(log_probs):
    return 1.0
""",
        WRONG,
        fast=True,
    ),
    Attack(
        "a daemon that clears its parent-death signal",
        """
if libc.prctl(1, 0, 0, 0, 0) == 0:
    gained("prctl")
if os.fork() == 0:
    while True:
        time.sleep(0.1)
def perplexity(log_probs):
    return 1.0
""",
        WRONG,
    ),
    Attack(
        "work at exit",
        """
import atexit
atexit.register(lambda: gained("atexit ran"))
atexit.register(time.sleep, 3600)
def perplexity(log_probs):
    return 1.0
""",
        WRONG,
    ),
    Attack("become another program", "os.execv(sys.executable, ['python', '-c', 'x'])", ANY),
    Attack("close every descriptor", "os.closerange(0, 4096)", STOPPED),
    Attack("close the pipes in the call", IN_CALL + "os.closerange(0, 4096); return 1.0", STOPPED),
    Attack("interrupt", IN_CALL + "raise KeyboardInterrupt", ANY),
    Attack("interrupt in the cell", "raise KeyboardInterrupt", ANY),
)
