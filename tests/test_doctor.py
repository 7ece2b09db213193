"""Tests of companion.course.doctor and of the sandbox that it probes."""

import os
import shutil
import subprocess
import sys

import pytest

from companion.course import doctor, sandbox
from companion.course.sandbox import Isolation


def _namespaces_are_allowed() -> bool:
    """Whether bubblewrap can make any sandbox here, ours aside."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return False
    return subprocess.run([bwrap, "--unshare-pid", "--ro-bind", "/", "/", "true"]).returncode == 0


needs_bubblewrap = pytest.mark.skipif(
    not _namespaces_are_allowed(), reason="bubblewrap (bwrap) is missing or may not start"
)


def test_a_supported_python_is_fine_and_its_neighbours_get_a_remedy():
    # TensorFlow has wheels for 3.11, 3.12 and 3.13
    states = [doctor.python((3, minor)).state for minor in (10, 11, 12, 13, 14)]
    assert states == ["problem", "ok", "ok", "ok", "problem"]
    assert "3.11 to 3.13" in doctor.python((3, 10)).remedy


def test_packages_that_are_missing_or_too_old_are_named_with_the_command_that_helps():
    lines = ["numpy>=2.0,<3  # arrays", "", "# a comment", "numpy>=99", "no-such-package-1234>=1"]
    findings = list(doctor.packages(lines))
    assert [(f.name, f.state) for f in findings] == [
        ("package numpy", "problem"),
        ("package no-such-package-1234", "problem"),
    ]
    assert "pip install 'numpy>=99'" in findings[0].remedy
    assert findings[1].detail == "not installed"


def test_a_requirement_for_another_system_is_not_asked_for():
    lines = ["numpy>=2", "no-such-package-1234; platform_system == 'Atari'"]
    (finding,) = doctor.packages(lines)
    assert finding.state == "ok"
    assert finding.detail.startswith("1 packages")


def test_too_little_memory_or_disk_is_a_warning_and_a_closed_folder_a_problem(tmp_path):
    assert doctor.memory(available=3 * 2**30).state == "ok"
    assert doctor.memory(available=2 * 2**30).state == "warning"  # 2 GiB < 2.5 GiB
    assert doctor.disk(tmp_path, free=2**31).state == "ok"
    assert doctor.disk(tmp_path, free=2**29).state == "warning"  # 0.5 GiB < 1 GiB
    (tmp_path / "file").write_text("")
    blocked = doctor.disk(tmp_path / "file" / "cache")  # a folder inside a file cannot be made
    assert blocked.state == "problem"
    assert "COMPANION_DATA" in blocked.remedy


def test_the_disk_check_leaves_nothing_behind(tmp_path):
    doctor.disk(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_uncached_corpora_are_a_warning_with_the_fetch_command(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    (finding,) = doctor.data()
    assert finding.state == "warning"
    assert finding.remedy.startswith("companion data fetch shakespeare sanguo")


def test_every_finding_that_is_not_ok_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    findings = doctor.examine()
    assert all(finding.remedy for finding in findings if finding.state != "ok")


def test_the_doctor_does_not_import_tensorflow_or_keras(tmp_path):
    code = (
        "import sys; from companion.course.doctor import examine; examine();"
        "sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    )
    environment = {**os.environ, "COMPANION_DATA": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


@needs_bubblewrap
def test_the_sandbox_returns_the_nonce_and_cannot_read_the_canaries():
    found = sandbox.probe()
    assert found.proven, found.detail


def _fake(folder, body: str) -> str:
    """A program that takes bubblewrap's place: `$@` is its whole command line."""
    file = folder / "bwrap"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


@linux
def test_a_sandbox_that_isolates_nothing_is_found_out(tmp_path):
    # It runs the very program (all after the last --) without any wall around it.
    last = 'for word in "$@"; do shift; set -- "$@" "$word"; done; while [ "$1" != "$0" ]; do\n'
    body = f'{last}case " $* " in *" -- "*) shift;; *) exec "$@";; esac; done'
    found = sandbox.probe(_fake(tmp_path, body))
    assert found.level == "none"
    assert "read a canary" in found.detail


@linux
@pytest.mark.parametrize(
    "body, says",
    [
        ("exit 1", "did not start: exit code 1"),
        ("echo cannot make a namespace >&2; exit 1", "cannot make a namespace"),
        ('echo \'{"nonce": "guessed", "found": []}\'', "did not bring back its nonce"),
        ("echo '[]'", "did not bring back its nonce"),
    ],
)
def test_whatever_else_takes_bubblewraps_place_is_no_isolation(tmp_path, body, says):
    found = sandbox.probe(_fake(tmp_path, body))
    assert found.level == "none"
    assert says in found.detail


def test_a_missing_sandbox_is_only_a_warning(monkeypatch):
    monkeypatch.setattr(sandbox, "probe", lambda: Isolation("none", "not installed"))
    finding = doctor.isolation()
    assert finding.state == "warning"
    assert "bubblewrap" in finding.remedy


def test_the_two_recipes_differ_where_they_must():
    user, root = (sandbox.command(["true"], as_root) for as_root in (False, True))
    assert {"--unshare-user", "--disable-userns", "--as-pid-1"} <= set(user)
    assert not {"--unshare-user", "--as-pid-1"} & set(root)
    assert any(word.startswith("--reuid=") for word in root)  # root becomes a private user
    assert not any(word.startswith("--reuid=") for word in user)
    for line in (user, root):
        assert {"--unshare-pid", "--unshare-net", "--die-with-parent", "--clearenv"} <= set(line)
