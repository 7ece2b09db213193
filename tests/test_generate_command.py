"""`companion generate` with a tiny checkpoint: strategies, settings, and what it refuses."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from companion import checkpoints, generation, training
from companion.course.cli import app
from companion.course.cli.models import Strategy
from companion.gpt import GPT, GPTConfig, trained
from companion.tokenization import BPE

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (files of weights).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CONFIG = {
    "vocab_size": 270, "context_length": 24, "d_model": 8, "num_layers": 1, "num_heads": 2,
    "d_ff": 8, "dropout": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A cache with one checkpoint, of a model that has learnt nothing."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANION_DATA", str(folder))
        text = "to be or not to be, that is the question. " * 3
        tokenizer = BPE.train([text], 269)
        tokenizer = BPE(
            tokenizer.vocab, tokenizer.merges, {trained.END_OF_TEXT: 269}, tokenizer.pattern
        )
        training.seed(0)
        tokenizer.save(folder / "tokenizer.json")
        checkpoints.write(
            GPT(GPTConfig(**CONFIG)),
            checkpoints.own() / "gpt-mini-en",
            {"config": CONFIG},
            {"tokenizer.json": folder / "tokenizer.json"},
        )
        yield patch


def command(*words):
    return CliRunner().invoke(app, ["generate", *(str(word) for word in words)])


def test_the_strategies_of_the_command_are_those_of_the_chapter():
    assert [strategy.value for strategy in Strategy] == list(generation.STRATEGIES)


@pytest.mark.parametrize("strategy", ["greedy", "top-p", "beam", "contrastive"])
def test_every_kind_of_strategy_goes_on_with_the_text(data, strategy):
    told = json.loads(command("to be", "--strategy", strategy, "--tokens", 4, "--json").stdout)
    assert told["prompt"] == "to be"
    assert told["strategy"] == strategy
    plain = command("to be", "--strategy", strategy, "--tokens", 4)
    assert plain.stdout == "to be" + told["completion"] + "\n"


def test_a_seed_repeats_the_text_and_settings_reach_the_filter(data):
    def said(*options):
        return json.loads(command("to", "--strategy", "top-k", "--json", *options).stdout)

    first, again, other = said("--seed", 1), said("--seed", 1), said("--seed", 2)
    assert first == again
    assert first["completion"] != other["completion"]
    one = said("--k", 1, "--seed", 5)
    assert one["completion"] == said("--k", 1, "--seed", 6)["completion"]
    assert one["k"] == 1


def test_an_empty_prompt_begins_a_text(data):
    assert command("", "--tokens", 3).exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["to", "--strategy", "best"], 2, "'greedy'"),
        (["to", "--tokens", "0"], 2, "--tokens is 0"),
        (["to", "--tokens", "40"], 2, "max_tokens is 40"),
        (["to", "--strategy", "greedy", "--k", "3"], 2, "greedy does not look at k"),
        (["to", "--p", "1.5"], 2, "p is 1.5"),
        (["to", "--model", "gpt-mini-fr"], 2, "did you mean gpt-mini-zh"),
        (["to", "--model", "unheard"], 2, "for example: --model gpt-mini-en"),
    ],
)
def test_what_cannot_be_done_is_said(data, words, code, said):
    result = command(*words)
    assert result.exit_code == code, result.output
    assert said in result.output


def test_an_unknown_checkpoint_is_said_without_keras(tmp_path):
    program = (
        "import sys; from typer.testing import CliRunner; from companion.course.cli import app\n"
        "found = CliRunner().invoke(app, ['generate', 'to', '--model', 'gpt-none'])\n"
        "assert found.exit_code == 2 and \"no checkpoint 'gpt-none'\" in found.output, found\n"
        "assert 'keras' not in sys.modules"
    )
    environment = {"COMPANION_DATA": str(tmp_path), "PATH": ""}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_a_character_of_two_tokens_is_shown_when_it_is_whole():
    tokenizer = BPE.train(["abc"], 256)  # bytes only: 爱 has three
    assert list(generation.spoken(tokenizer, tokenizer.encode_ordinary("a爱b"))) == ["a", "爱", "b"]
    cut = list(generation.spoken(tokenizer, tokenizer.encode_ordinary("a爱")[:3]))
    assert cut[0] == "a"
    assert len(cut) == 2
