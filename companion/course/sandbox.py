"""Isolation: run a Python program that can read nothing but Python, and prove that it cannot.

This first version only answers `companion doctor`'s question, "could submissions be graded here?".
It does not look for a program called bwrap: it starts a sandbox, which must bring back a nonce and
must fail to read two canaries, a file and an environment variable of this very process.

It does *not* yet bound time, memory and system calls: grading needs that, `doctor` does not.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PRIVATE_UID = 64001  # owns nothing on this machine; where root starts the sandbox, it ends as this
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")  # what an interpreter links with
SECONDS = 20

# The program inside. It tries the two doors to the canaries: the file's path, and /proc.
INSIDE = """
import glob, json, sys
question = json.load(sys.stdin)
found = []
places = [question["file"], *glob.glob("/proc/[0-9]*/environ")]
for place in places:
    try:
        with open(place, "rb") as file:
            if question["canary_tail"].encode() in file.read():
                found.append(place)
    except OSError:
        pass
print(json.dumps({"nonce": question["nonce"], "found": found}))
"""


@dataclass(frozen=True)
class Isolation:
    """What this machine can promise: level `bubblewrap` or `none`, and the reason."""

    level: str
    detail: str

    @property
    def proven(self) -> bool:
        """True if a sandbox was started and kept its secrets."""
        return self.level != "none"


def command(program: Sequence[str], as_root: bool, bwrap: str = "bwrap") -> list[str]:
    """The bubblewrap command line around `program`.

    The two recipes must differ. An ordinary user gets a user namespace, and the program itself is
    process 1 (otherwise bubblewrap's reaper is, under the same user, with our environment in it).
    Root needs no user namespace but must drop to a private user; the program must not be process 1
    there, because changing the user clears the signal that kills it with its parent.
    """
    line = [bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    if as_root:
        line += ["--cap-drop", "ALL"]
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            line += ["--cap-add", capability]
    else:
        line += ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
        line += ["--cap-drop", "ALL", "--as-pid-1"]
    line += ["--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--chdir", "/tmp"]
    for folder in SYSTEM:
        line += ["--ro-bind-try", folder, folder]
    if not sys.base_prefix.startswith("/usr"):
        # bubblewrap copies the modes of the folders above, and /root or a home may be closed.
        for parent in reversed(Path(sys.base_prefix).parents[:-1]):
            line += ["--perms", "0755", "--dir", str(parent)]
        line += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    line.append("--")
    if as_root:
        line += ["setpriv", f"--reuid={PRIVATE_UID}", f"--regid={PRIVATE_UID}", "--clear-groups"]
        line += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
    return [*line, *program]


def probe(bwrap: str | None = None) -> Isolation:
    """Start a sandbox that must return a nonce and must fail to read the canaries."""
    if not sys.platform.startswith("linux"):
        return Isolation("none", f"no sandbox is known for {sys.platform}")
    bwrap = bwrap or shutil.which("bwrap")
    if bwrap is None:
        return Isolation("none", "bubblewrap (bwrap) is not installed")
    nonce, canary = secrets.token_hex(16), secrets.token_hex(16)
    python = os.path.realpath(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "canary"
        secret.write_text(canary)
        Path(folder).chmod(0o755)  # readable for everybody: only the sandbox may keep it out
        secret.chmod(0o644)
        # The canary's second half alone is looked for, so the question is not itself the canary.
        question = {"nonce": nonce, "file": str(secret), "canary_tail": canary[16:]}
        try:
            done = subprocess.run(
                command([python, "-I", "-S", "-c", INSIDE], os.geteuid() == 0, bwrap),
                input=json.dumps(question),
                env={"COMPANION_CANARY": canary, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return Isolation("none", f"the sandbox did not start: {problem}")
    return _verdict(done, nonce)


def _verdict(done: subprocess.CompletedProcess, nonce: str) -> Isolation:
    """Judge what came out of the sandbox; anything but nonce and no canary is `none`."""
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, no output"]
        return Isolation("none", f"the sandbox did not start: {lines[-1]}")
    if not isinstance(answer, dict) or answer.get("nonce") != nonce:
        return Isolation("none", "the sandbox did not bring back its nonce")
    if answer.get("found") != []:
        return Isolation("none", f"the sandbox leaks: it read a canary in {answer.get('found')}")
    return Isolation("bubblewrap", "started, brought back a nonce, could not read two canaries")
