"""Reading: solutions, other people's work, the grade book, the grader's environment and memory."""

from attacks.case import ANY, WRONG, Attack

ANSWER = "\ndef perplexity(log_probs):\n    return 1.0\n"

READING = (
    Attack(
        "files by their path",
        """
for place in PLACES:
    try:
        tell(open(place, "rb").read(10**6))
        gained("read " + place)
    except OSError:
        pass
"""
        + ANSWER,
        WRONG,
        fast=True,
    ),
    Attack(
        "files through /proc/*/root and /proc/*/cwd",
        """
import glob
for base in glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd") + glob.glob("/proc/*/task/*/root"):
    for place in PLACES:
        for path in (base + place, base + "/.." * 12 + place):
            try:
                tell(open(path, "rb").read(10**6))
                gained("read " + path)
            except OSError:
                pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "environments in /proc",
        """
import glob
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/task/*/environ"):
    try:
        tell(open(path, "rb").read())
    except OSError:
        pass
tell(repr(dict(os.environ)))
"""
        + ANSWER,
        WRONG,
        fast=True,
    ),
    Attack(
        "the grader's own /proc folder",
        """
for name in ("environ", "cmdline", "maps", "mem", "root", "cwd", "fd"):
    try:
        path = f"/proc/{GRADER}/{name}"
        tell(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(10**5))
        gained("looked into the grader")
    except OSError:
        pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "open descriptors that were left behind",
        """
for number in range(256):
    for path in (f"/proc/self/fd/{number}", f"/proc/1/fd/{number}"):
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if not target.startswith(("pipe:", "/dev/", "anon_inode:", "/proc/", "/tmp/")):
            gained("descriptor " + target)
        if os.path.isdir(path):
            tell(os.listdir(path))
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "everything on the disk",
        """
for folder, _, files in os.walk("/"):
    if folder.startswith(("/proc", "/packages", "/usr/lib", "/lib")) or "/lib/python3" in folder:
        continue
    for name in files:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                head = file.read(2**20)
        except OSError:
            continue
        if b"CANARY" in head or name.endswith((".ipynb", ".sqlite")):
            gained("found " + folder + "/" + name)
            tell(head)
"""
        + ANSWER,
        ANY,
    ),
    Attack(
        "the checks, as a module",
        """
from companion.checks.ngram import EXERCISES
perplexity = next(e for e in EXERCISES if e.name == "perplexity").reference
""",
        WRONG,
        fast=True,
    ),
    Attack(
        "the module that the exercise asks for",
        "from companion.metrics import perplexity\n",
        WRONG,
    ),
    Attack(
        "the chapter's module by any path",
        """
import importlib.util
here = [os.path.join(p, "companion", "metrics", "language.py") for p in sys.path + PLACES]
for path in here:
    spec = importlib.util.spec_from_file_location("metrics", path)
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        perplexity = module.perplexity
        gained(path)
    except (OSError, AttributeError):
        pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "an installed copy of the companion",
        """
import importlib.metadata, importlib.util
for folder in sys.path:
    for path in (folder, os.path.join(folder, "companion")):
        names = os.listdir(path) if os.path.isdir(path) else []
        if "checks" in names and "course" in names:
            gained("a course at " + path)
for name in ("companion.checks", "companion.checks.ngram", "companion.course.judge"):
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        found = None
    if found:
        gained(name)
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "the frames above",
        """
def perplexity(log_probs):
    frame = sys._getframe()
    while frame:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("reference", "wanted", "solution", "EXERCISES"):
                gained(name)
                return value(log_probs) if callable(value) else value
        frame = frame.f_back
    return 1.0
""",
        WRONG,
    ),
    Attack(
        "every object alive",
        """
import gc
def perplexity(log_probs):
    for thing in gc.get_objects():
        kind = type(thing).__name__
        if kind in ("Exercise", "Mistake", "Report"):
            gained(kind)
            return thing.reference(log_probs)
        if kind == "function" and thing.__name__ == "_perplexity":
            gained("the reference")
            return thing(log_probs)
    return 1.0
""",
        WRONG,
    ),
    Attack(
        "modules that are loaded",
        """
def perplexity(log_probs):
    for name, module in list(sys.modules.items()):
        if name.startswith(("companion.checks", "companion.course.")):
            gained(name)
        other = getattr(module, "perplexity", None)
        if other is not None and name != "__main__" and callable(other):
            return other(log_probs)
    return 1.0
""",
        WRONG,
    ),
    Attack(
        "what the last submission left in /tmp",
        """
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run"):
    if os.path.isdir(folder) and os.listdir(folder):
        gained(f"{folder}: {os.listdir(folder)}")
os.makedirs("/tmp/left", exist_ok=True)
open("/tmp/left/CANARY", "w").write("for the next one")
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "the kernel's log and keys",
        """
buffer = ctypes.create_string_buffer(4096)
if libc.klogctl(3, buffer, 4096) > 0:
    gained("kernel log")
for name in ("/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda"):
    try:
        open(name, "rb").read(1)
        gained(name)
    except OSError:
        pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "the processes of this machine",
        """
import glob
others = [p for p in glob.glob("/proc/[0-9]*") if int(p[6:]) not in (1, 2, os.getpid())]
if others:
    gained(f"sees {others}")
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "memory of process 1 and of the grader",
        """
for pid in (1, GRADER):
    if pid == os.getpid():
        continue
    try:
        ranges = [line.split()[0].split("-") for line in open(f"/proc/{pid}/maps")]
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for low, high in ranges:
                memory.seek(int(low, 16))
                tell(memory.read(min(int(high, 16) - int(low, 16), 2**20)))
        gained(f"memory of {pid}")
    except (OSError, ValueError):
        pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "memory by process_vm_readv",
        """
class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(64)
local = Span(ctypes.cast(buffer, ctypes.c_void_p), 64)
for pid in (os.getpid(), 1, GRADER):
    if libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(local), 1, 0) >= 0:
        gained(f"process_vm_readv of {pid}")
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "bytes that the kernel's caches give by handle",
        """
handle = ctypes.create_string_buffer(128)
if libc.open_by_handle_at(3, handle, 0) >= 0:
    gained("open_by_handle_at")
"""
        + ANSWER,
        WRONG,
    ),
)
