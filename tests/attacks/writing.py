"""Writing and escaping: what is installed, the parent, namespaces, mounts, users, terminals."""

from attacks.case import ANY, STOPPED, WRONG, Attack

ANSWER = "\ndef perplexity(log_probs):\n    return 1.0\n"


def _call(line: str, what: str) -> str:
    """A call of the C library that must be refused (a negative result)."""
    return f"if libc.{line} >= 0: gained({what!r})" + ANSWER


WRITING = (
    Attack(
        "the packages of everybody",
        """
import numpy, sysconfig
targets = [os.path.dirname(numpy.__file__), os.path.dirname(os.__file__), *sys.path]
for folder in targets:
    for name in ("sitecustomize.py", "evil.pth"):
        try:
            open(os.path.join(folder, name), "w").write("import os")
            gained("wrote " + folder)
        except OSError:
            pass
"""
        + ANSWER,
        WRONG,
        fast=True,
    ),
    Attack(
        "the worker and the probes",
        """
import companion.probes
for path in (companion.probes.__file__, "/companion/worker.py", "/companion/companion/__init__.py"):
    for act in (lambda: open(path, "a"), lambda: os.remove(path), lambda: os.chmod(path, 0o777)):
        try:
            act()
            gained("changed " + path)
        except OSError:
            pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "the canaries, overwritten",
        """
for place in PLACES:
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, "w").write("100 points")  # in its own /tmp it may
    except OSError:
        pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "a symbolic link for the grader to follow",
        """
for place in PLACES:
    os.symlink(place, "/tmp/" + os.path.basename(place))
    try:
        tell(open("/tmp/" + os.path.basename(place), "rb").read())
        gained("followed")
    except OSError:
        pass
"""
        + ANSWER,
        WRONG,
    ),
    Attack("ptrace the parent", _call("ptrace(16, 1, 0, 0)", "ptrace"), WRONG),
    Attack("ptrace itself", _call("ptrace(0, 0, 0, 0)", "ptrace"), WRONG),
    Attack(
        "a new user namespace", _call("unshare(0x10000000)", "user namespace"), WRONG, fast=True
    ),
    Attack("a new mount namespace", _call("unshare(0x20000)", "mount namespace"), WRONG),
    Attack(
        "a clone into a new user namespace",
        """
child = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
if child == 0:
    os._exit(0)
if child > 0:
    gained("clone")
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "clone3",
        """
arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
child = libc.syscall(435, arguments, 88)
if child == 0:
    os._exit(0)
if child > 0:
    gained("clone3")
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "another process's namespace",
        """
for name in ("mnt", "pid", "net", "user"):
    for pid in (1, GRADER):
        try:
            handle = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        except OSError:
            continue
        if libc.setns(handle, 0) >= 0:
            gained("setns " + name)
"""
        + ANSWER,
        WRONG,
    ),
    Attack("mount", _call("mount(b'/', b'/tmp', None, 4096, None)", "mount"), WRONG),
    Attack("mount a tmpfs", _call("mount(b'x', b'/tmp', b'tmpfs', 0, None)", "tmpfs"), WRONG),
    Attack("remount writable", _call("mount(None, b'/', None, 4128, None)", "remount"), WRONG),
    Attack("unmount the cover", _call("umount2(b'/tmp', 2)", "umount"), WRONG),
    Attack("the new mount calls", _call("syscall(428, -100, b'/', 1)", "open_tree"), WRONG),
    Attack("chroot", "os.mkdir('/tmp/r')\n" + _call("chroot(b'/tmp/r')", "chroot"), WRONG),
    Attack(
        "become root",
        "try:\n    os.setuid(0); gained('root')\nexcept OSError:\n    pass\n" + ANSWER,
        WRONG,
    ),
    Attack(
        "become the neighbour's user",
        "for user in (*range(64001, 64009), 65534, 1000):\n"
        "    try:\n        if user != os.getuid(): os.setuid(user); gained(f'user {user}')\n"
        "    except OSError:\n        pass\n" + ANSWER,
        WRONG,
    ),
    Attack(
        "programs with more rights",
        """
import stat
found = []
for folder in ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/local/bin"):
    for where, _, files in os.walk(folder):
        for name in files:
            try:
                mode = os.stat(os.path.join(where, name)).st_mode
            except OSError:
                continue
            if mode & (stat.S_ISUID | stat.S_ISGID):
                found.append(os.path.join(where, name))
for path in found:
    child = os.fork()
    if child == 0:
        try:
            os.execv(path, [path])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
status = open("/proc/self/status").read()
if "NoNewPrivs:\\t1" not in status or "CapEff:\\t0000000000000000" not in status:
    gained(status)
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "a setuid copy of Python for later",
        """
import shutil
shutil.copy(sys.executable, "/tmp/python")
os.chmod("/tmp/python", 0o4755)
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "capabilities kept somewhere",
        """
for line in open("/proc/self/status"):
    name, value = line.split(":", 1)
    if name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") and int(value, 16):
        if name != "CapBnd":
            gained(line)
"""
        + ANSWER,
        WRONG,
    ),
    Attack(
        "type into the terminal",
        "import fcntl\ntry:\n"
        "    fcntl.ioctl(2, 0x5412, b'x'); gained('typed')\nexcept OSError:\n    pass\n" + ANSWER,
        WRONG,
    ),
    Attack(
        "the kernel's switches",
        "for name in ('kernel/hostname', 'vm/drop_caches', "
        "'kernel/core_pattern'):\n    try:\n        open('/proc/sys/' + name, 'w').write('1')\n"
        "        gained(name)\n    except OSError:\n        pass\n" + ANSWER,
        WRONG,
    ),
    Attack("a BPF program", _call("syscall(321, 5, 0, 0)", "bpf"), WRONG),
    Attack("a performance counter", _call("syscall(298, 0, 0, -1, -1, 0)", "perf"), WRONG),
    Attack(
        "io_uring", _call("syscall(425, 1, ctypes.create_string_buffer(120))", "io_uring"), WRONG
    ),
    Attack("userfaultfd", _call("syscall(323, 0)", "userfaultfd"), WRONG),
    Attack("a kernel key", _call("syscall(248, b'user', b'x', b'y', 1, -3)", "add_key"), WRONG),
    Attack("another system's calls", _call("personality(0x0400000)", "personality"), WRONG),
    Attack(
        "calls of 32 bits",
        """
import mmap
code = bytes([0x53, 0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0x5b, 0xc3])  # int 0x80: getpid
page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
page.write(code)
pid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
if pid > 0:
    gained("int 0x80")
"""
        + ANSWER,
        ANY,
    ),
    Attack(
        "a signal from inside to the namespace's first process",
        """
for number in (15, 9, 19, 11):
    try:
        os.kill(1, number)
    except OSError:
        pass
"""
        + ANSWER,
        ANY | STOPPED,
    ),
)
