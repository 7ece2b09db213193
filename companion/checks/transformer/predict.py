"""Predict the number: the parameters of one decoder block."""

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant


def _parameters(d_model, d_ff, num_heads):
    """Two attentions, a feed-forward part and three norms, all with biases."""

    def attention(matrices=4, biases=1):
        return matrices * (d_model**2 + biases * d_model)

    def feed_forward(biases=1):
        return 2 * d_model * d_ff + biases * (d_ff + d_model)

    def norm(count=3, vectors=2):
        return count * vectors * d_model

    def block(attentions=None, middle=None, norms=None):
        parts = (attentions, 2 * attention()), (middle, feed_forward()), (norms, norm())
        return sum(right if given is None else given for given, right in parts)

    return {
        "reference": block(),
        "mistakes": [
            Mistake(
                "encoder-block",
                block(attention(), norms=norm(2)),
                "That is a block of the encoder; a decoder's also looks at the source, with an "
                "attention and a norm of its own.",
            ),
            Mistake(
                "one-attention",
                block(attention()),
                "The norms are right; but the block attends twice, to its own text and to the "
                "source, and each attention has its four matrices.",
            ),
            Mistake(
                "two-norms",
                block(norms=norm(2)),
                "A norm is missing: there are three sublayers, and each has one.",
            ),
            Mistake(
                "one-norm",
                block(norms=norm(1)),
                "You counted one norm; each of the three sublayers has its own.",
            ),
            Mistake(
                "no-norms",
                block(norms=0),
                "The norms learn too: a gain and an offset for each column.",
            ),
            Mistake(
                "gain-only",
                block(norms=norm(vectors=1)),
                "A layer norm learns two numbers a column, a gain and an offset.",
            ),
            Mistake(
                "no-biases",
                block(2 * attention(biases=0), feed_forward(biases=0)),
                "The matrices and norms are right; every dense layer also has a bias, one number "
                "an output.",
            ),
            Mistake(
                "no-attention-biases",
                block(2 * attention(biases=0)),
                "The projections of the attentions have biases too.",
            ),
            Mistake(
                "no-feed-forward-biases",
                block(middle=feed_forward(biases=0)),
                "The two layers of the feed-forward part have biases too, one number an output.",
            ),
            Mistake(
                "no-output-matrix",
                block(2 * attention(matrices=3)),
                "An attention has a fourth matrix, which mixes the heads when they are side by "
                "side.",
            ),
            Mistake(
                "heads-multiply",
                block(num_heads * 2 * attention()),
                "You gave each head matrices of the whole width; the heads share the width, and "
                "their number changes nothing.",
            ),
            Mistake(
                "one-layer",
                block(middle=d_model * d_ff + d_ff),
                f"The feed-forward part has two layers: up to {d_ff} and down to {d_model} again.",
            ),
            Mistake(
                "matrices-only",
                block(2 * attention(biases=0), feed_forward(biases=0), norms=0),
                "The matrices are right; dense layers also have biases, and norms a gain and an "
                "offset.",
            ),
        ],
        "hints": [
            "Go through the block from below: what does each sublayer multiply by, add, scale "
            "with?",
            "Three sublayers with a norm each; an attention has four dense layers, the "
            "feed-forward part two.",
            "A dense layer from n to m numbers has (n + 1)·m parameters: m columns, each with a "
            "bias.",
        ],
    }


def _vary(rng):
    d_model, num_heads = 16 * int(rng.integers(2, 9)), int(rng.choice([2, 4, 8]))
    d_ff = d_model * int(rng.choice([4, 6, 8]))  # at 2, 3, 5, 7 two mistakes are one number
    return Variant(
        statement={
            "d_model is 64, with 4 heads; d_ff is 256.": (
                f"d_model is {d_model}, with {num_heads} heads; d_ff is {d_ff}."
            ),
        },
        **_parameters(d_model, d_ff, num_heads),
    )


decoder_block_parameters = prediction(
    "decoder_block_parameters",
    "What is in a decoder block?",
    _parameters(64, 256, 4),
    vary=_vary,
    minutes=15,
)
