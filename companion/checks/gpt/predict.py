"""Predict the number: the loss before training, and the parameters of a GPT."""

import math

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant


def _untrained(vocab_size):
    """−log(1/V): all tokens alike."""
    return {
        "reference": math.log(vocab_size),
        "mistakes": [
            Mistake(
                "bits",
                math.log2(vocab_size),
                "Those are bits; the loss is in nats: take the natural logarithm.",
            ),
            Mistake(
                "powers-of-ten",
                math.log10(vocab_size),
                "You took the logarithm to base 10; the loss is in nats, `math.log`.",
            ),
            Mistake(
                "perplexity",
                float(vocab_size),
                "That is the perplexity: as unsure as among so many equal tokens. The loss is its "
                "logarithm.",
            ),
            Mistake(
                "probability",
                1 / vocab_size,
                "About so little is the probability of the right token; the loss is minus its "
                "logarithm, which is large.",
            ),
            Mistake(
                "negative",
                -math.log(vocab_size),
                "That is the log-probability; the loss is minus that, and positive.",
            ),
            Mistake(
                "right-or-wrong",
                math.log(2),
                "You chose between two outcomes, right and wrong; the model chooses among all "
                "tokens of the vocabulary.",
            ),
            Mistake(
                "even-odds",
                math.log(vocab_size) / 2,
                "You halved it: nothing here is right half of the time. Every token has the "
                "probability 1/V, the right one too.",
            ),
        ],
        "hints": [
            "With all logits alike, which probability does the softmax give to each token?",
            "One number: minus the natural logarithm of the probability of the right token.",
            "−log(1/V) is log V: `import math` and `math.log`, with V the size of the vocabulary.",
        ],
    }


def _vary_untrained(rng):
    vocab_size = int(rng.choice([21_128, 30_522, 32_000, 65_024, 100_277, 151_936]))
    return Variant(
        statement={"vocabulary of 50,257 tokens": f"vocabulary of {vocab_size:,} tokens"},
        **_untrained(vocab_size),
    )


untrained_loss = prediction(
    "untrained_loss",
    "What does knowing nothing cost?",
    _untrained(50_257),
    vary=_vary_untrained,
    tolerance=5e-4,  # two decimals will do: half of 0.01 is within 5e-4 · (1 + log V)
)


def _parameters(vocab_size, context_length, d_model, num_layers, num_heads, d_ff):
    """Two tables, blocks with biases and two norms each, a last norm; the output is tied."""

    def attention(matrices=4, biases=1):
        return matrices * (d_model**2 + biases * d_model)

    def feed_forward(biases=1):
        return 2 * d_model * d_ff + biases * (d_ff + d_model)

    def model(looks=None, thinks=None, norms=2, vectors=2, **parts):
        looks = attention() if looks is None else looks
        thinks = feed_forward() if thinks is None else thinks
        block = looks + thinks + norms * vectors * d_model
        tables = (vocab_size + parts.get("positions", context_length)) * d_model
        last = parts.get("last_norms", 1) * vectors * d_model
        return tables + parts.get("blocks", num_layers) * block + last + parts.get("more", 0)

    table = vocab_size * d_model
    return {
        "reference": model(),
        "mistakes": [
            Mistake(
                "untied",
                model(more=table),
                "You gave the output a table of its own; it uses that of the embeddings.",
            ),
            Mistake(
                "output-bias",
                model(more=vocab_size),
                "The output is a product with the table and nothing else: it has no bias.",
            ),
            Mistake(
                "untied-with-bias",
                model(more=table + vocab_size),
                "You gave the output a dense layer of its own; it uses the table of the "
                "embeddings, without a bias.",
            ),
            Mistake(
                "no-positions",
                model(positions=0),
                "Positions are learnt here: a vector for each place of the context.",
            ),
            Mistake(
                "no-last-norm",
                model(last_norms=0),
                "A stack of pre-norm blocks ends with one more norm.",
            ),
            Mistake(
                "one-norm-a-block",
                model(norms=1),
                "A block has two norms, one before it looks and one before it thinks.",
            ),
            Mistake(
                "no-norms",
                model(norms=0, last_norms=0),
                "The norms learn too: a gain and an offset for each column.",
            ),
            Mistake(
                "gain-only",
                model(vectors=1),
                "A layer norm learns two numbers a column, a gain and an offset.",
            ),
            Mistake(
                "no-biases",
                model(attention(biases=0), feed_forward(biases=0)),
                "Tables, matrices and norms are right; every dense layer of a block also has a "
                "bias, one number an output.",
            ),
            Mistake(
                "no-attention-biases",
                model(attention(biases=0)),
                "The four projections of the attention have biases too.",
            ),
            Mistake(
                "no-feed-forward-biases",
                model(thinks=feed_forward(biases=0)),
                "The two layers of the feed-forward part have biases too, one number an output.",
            ),
            Mistake(
                "no-output-matrix",
                model(attention(matrices=3)),
                "An attention has a fourth matrix, which mixes the heads when they are side by "
                "side.",
            ),
            Mistake(
                "heads-multiply",
                model(num_heads * attention()),
                "You gave each head matrices of the whole width; the heads share the width, and "
                "their number changes nothing.",
            ),
            Mistake(
                "cross-attention",
                model(2 * attention(), norms=3),
                "That is the decoder of a translator; GPT has no source to look at, so it has one "
                "attention a block.",
            ),
            Mistake(
                "one-block",
                model(blocks=1),
                "You counted one block; each layer has weights of its own.",
            ),
            Mistake(
                "one-dense-layer",
                model(thinks=d_model * d_ff + d_ff),
                f"The feed-forward part has two layers: up to {d_ff} and down to {d_model} again.",
            ),
        ],
        "hints": [
            "Follow one token: two tables are looked up, then block after block, then a norm; and "
            "the output?",
            "(vocab_size + context_length)·d_model, then num_layers times a block, then the last "
            "norm, 2·d_model.",
            "A block: 4·(D² + D) for the attention, D·F + F and F·D + D for the feed-forward part, "
            "2·2·D for its norms.",
        ],
    }


def _vary_parameters(rng):
    vocab_size, context_length = 100 * int(rng.integers(5, 41)), int(rng.choice([48, 64, 96]))
    d_model = 8 * int(rng.integers(3, 9))
    layers, heads = int(rng.integers(2, 6)), int(rng.choice([2, 4]))
    # Five times the width: with three or four, two mistakes arrive at one number.
    sizes = (vocab_size, context_length, d_model, layers, heads, 5 * d_model)
    said = (
        f"The vocabulary has {sizes[0]:,} tokens, the context {sizes[1]}; d_model is {sizes[2]}, "
        f"in {sizes[3]} layers of {sizes[4]} heads; d_ff is {sizes[5]}."
    )
    return Variant(statement={GIVEN: said}, **_parameters(*sizes))


GIVEN = (
    "The vocabulary has 1,000 tokens, the context 64; d_model is 32, in 2 layers of 4 heads; "
    "d_ff is 160."
)

gpt_parameters = prediction(
    "gpt_parameters",
    "How many numbers are in a GPT?",
    _parameters(1000, 64, 32, 2, 4, 160),
    vary=_vary_parameters,
    minutes=15,
    difficulty=2,
)
