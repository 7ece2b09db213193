"""Attacks on the grader: no mark that was not earned, no leak, no survivor, no harm to the next."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attacks import ATTACKS, FAMILIES
from attacks.arena import Arena, as_ordinary_user, survivors

from companion.course.sandbox import probe

HERE = Path(__file__).parent
FAST = [name for name, attack in ATTACKS.items() if attack.fast]
ISOLATION = probe()

pytestmark = pytest.mark.skipif(not ISOLATION.proven, reason=ISOLATION.detail)


@pytest.fixture(scope="module")
def arena():
    with Arena() as arena:
        yield arena


def test_there_are_enough_attacks_of_every_family():
    assert len(ATTACKS) == sum(map(len, FAMILIES.values()))  # no name is used twice
    assert len(ATTACKS) >= 80
    assert all(len(attacks) >= 12 for attacks in FAMILIES.values())
    assert all(any(attack.fast for attack in attacks) for attacks in FAMILIES.values())


@pytest.mark.parametrize("name", FAST)
def test_the_attack_gains_nothing(arena, name):
    assert arena.try_out(ATTACKS[name])["complaints"] == []


def test_the_arena_notices_what_it_looks_for(arena, monkeypatch):
    from attacks.case import Attack

    def complaints(source, **more):
        return " | ".join(arena.try_out(Attack("a test", source, **more))["complaints"])

    right = (
        "import numpy as np\ndef perplexity(log_probs):\n    return np.exp(-np.mean(log_probs))\n"
    )
    assert "its answer is passed" in complaints(right)
    assert "GAINED it" in complaints("gained('it')")
    monkeypatch.setattr(arena, "canary", "a word")
    assert "it told a canary" in complaints("tell('a word')")
    monkeypatch.setattr("attacks.arena.HONEST_NEIGHBOUR", "table_growth = 1")
    assert "the honest neighbour is failed" in complaints("")


def test_nothing_survives_a_grader_that_is_killed(arena):
    code = """
import sys
from attacks.arena import Arena
with Arena(slot=int(sys.argv[1])) as arena:
    arena.submit("import os, time\\nos.fork()\\nos.fork()\\nos.setsid()\\ntime.sleep(3600)")
"""
    slot = arena.slot + 1
    before = survivors(slot)
    grader = subprocess.Popen([sys.executable, "-c", code, str(slot)], cwd=HERE)
    running = wait_for(lambda: len(survivors(slot) - before) >= 4)  # two forks are four processes
    grader.kill()
    grader.wait()
    assert running
    assert wait_for(lambda: not survivors(slot) - before)


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in FAST])
def test_no_attack_gains_anything(arena, name):
    assert arena.try_out(ATTACKS[name])["complaints"] == []


def run_as_ordinary_user(*arguments):
    environment = os.environ | {"HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
    line = as_ordinary_user([sys.executable, *arguments])
    return subprocess.run(line, cwd=HERE, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def ordinary_user():
    if os.geteuid() != 0:
        pytest.skip("the tests above have run as an ordinary user")
    if not (shutil.which("setpriv") and shutil.which("unshare")):
        pytest.skip("no setpriv or unshare to become somebody else with")
    code = "from companion.course.sandbox import probe; print(probe())"
    done = run_as_ordinary_user("-c", code)
    if "bubblewrap-user" not in done.stdout:
        pytest.skip(f"an ordinary user can make no sandbox here: {done.stdout}{done.stderr}")


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_no_attack_gains_anything_from_an_ordinary_user(ordinary_user, family):
    names = [attack.name for attack in FAMILIES[family]]
    done = run_as_ordinary_user("-m", "attacks.arena", *names)
    found = [json.loads(one) for one in done.stdout.splitlines()]
    assert [one["name"] for one in found] == names, done.stderr
    assert {one["isolation"] for one in found} == {"bubblewrap-user"}
    assert {one["name"]: one["complaints"] for one in found if one["complaints"]} == {}
