"""A pre-norm block in Keras; its reference is a stand-in with the same parts, in NumPy."""

import numpy as np

from companion.checks.transformer.arrays import (
    Attention,
    Dense,
    Norm,
    attention_weights,
    dense_weights,
    norm_weights,
    normal,
)
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes


class Block:
    """The parts of the exercise's layer, put together by `call`."""

    def __init__(self, d_model, num_heads, d_ff):
        self.norm1, self.attention, self.norm2 = Norm(), Attention(), Norm()
        self.up, self.down = Dense(), Dense()

    def __call__(self, x, attention_mask=None):
        """The output, in double precision."""
        return self.call(np.asarray(x, np.float64), attention_mask)

    def call(self, x, attention_mask):
        """x + attention(norm1(x)), then x + feed_forward(norm2(x)); Xiong et al. 2020."""
        x = x + self.attend(self.norm1(x), attention_mask)
        return x + self.feed(self.norm2(x))

    def attend(self, x, attention_mask):
        """Self-attention."""
        return self.attention(x, x, attention_mask)

    def feed(self, x):
        """Two layers with max(0, ·) between them."""
        return self.down(np.maximum(self.up(x), 0))


def _wrong(call):
    """The block with another `call`."""
    return type("Block", (Block,), {"call": call})


def _post_norm(self, x, mask):
    x = self.norm1(x + self.attend(x, mask))
    return self.norm2(x + self.feed(x))


def _half_post_norm(self, x, mask):
    x = x + self.attend(self.norm1(x), mask)
    return self.norm2(x + self.feed(x))


def _norm_of_the_sublayer(self, x, mask):
    x = x + self.norm1(self.attend(x, mask))
    return x + self.norm2(self.feed(x))


def _normed_way_around(self, x, mask):
    x = self.norm1(x)
    x = self.norm2(x + self.attend(x, mask))
    return x + self.feed(x)


def _normed_first_way(self, x, mask):
    x = self.norm1(x)
    x = x + self.attend(x, mask)
    return x + self.feed(self.norm2(x))


def _normed_second_way(self, x, mask):
    x = x + self.attend(self.norm1(x), mask)
    x = self.norm2(x)
    return x + self.feed(x)


def _no_way_around(self, x, mask):
    return self.feed(self.norm2(self.attend(self.norm1(x), mask)))


def _one_way_around_both(self, x, mask):
    return x + self.feed(self.norm2(self.attend(self.norm1(x), mask)))


def _only_the_second_way(self, x, mask):
    x = self.attend(self.norm1(x), mask)
    return x + self.feed(self.norm2(x))


def _only_the_first_way(self, x, mask):
    return self.feed(self.norm2(x + self.attend(self.norm1(x), mask)))


def _input_added_again(self, x, mask):
    return x + self.feed(self.norm2(x + self.attend(self.norm1(x), mask)))


def _side_by_side(self, x, mask):
    return x + self.attend(self.norm1(x), mask) + self.feed(self.norm2(x))


def _one_norm(self, x, mask):
    x = x + self.attend(self.norm1(x), mask)
    return x + self.feed(self.norm1(x))


def _norms_exchanged(self, x, mask):
    x = x + self.attend(self.norm2(x), mask)
    return x + self.feed(self.norm1(x))


def _raw_source(self, x, mask):
    x = x + self.attention(self.norm1(x), x, mask)
    return x + self.feed(self.norm2(x))


def _raw_query(self, x, mask):
    x = x + self.attention(x, self.norm1(x), mask)
    return x + self.feed(self.norm2(x))


def _no_norms(self, x, mask):
    x = x + self.attend(x, mask)
    return x + self.feed(x)


def _no_second_norm(self, x, mask):
    x = x + self.attend(self.norm1(x), mask)
    return x + self.feed(x)


def _no_mask(self, x, mask):
    return Block.call(self, x, None)


def _feed_forward_first(self, x, mask):
    x = x + self.feed(self.norm2(x))
    return x + self.attend(self.norm1(x), mask)


SHAPES = ((1, 1, 4, 1, 3), (1, 3, 4, 2, 6), (2, 4, 6, 3, 5), (1, 4, 4, 2, 8), (2, 3, 6, 2, 7))


def _cases(rng, size):
    batch, time, d_model, num_heads, d_ff = SHAPES[size % 5]
    sizes = {"d_model": d_model, "num_heads": num_heads, "d_ff": d_ff}
    mask = None if size < 2 else np.tile(np.tri(time, dtype=bool), (batch, 1, 1))
    if size == 4:
        mask[1, :, 0] = False  # padding in front ...
        mask[1, 0, 0] = True  # ... which may see itself, so that no row is empty
    return {
        "sizes": sizes,
        "x": normal(rng, batch, time, d_model).astype(np.float32),
        "attention_mask": mask,
        "weights": {
            "norm1": norm_weights(rng, d_model),
            "attention": attention_weights(rng, d_model, num_heads, d_model // num_heads),
            "norm2": norm_weights(rng, d_model),
            "up": dense_weights(rng, d_model, d_ff),
            "down": dense_weights(rng, d_ff, d_model),
        },
    }


PreNormBlock = Exercise(
    name="PreNormBlock",
    kind="implement",
    title="A block with a free way around (Keras)",
    minutes=30,
    difficulty=2,
    cases=_cases,
    sizes=5,
    tolerance=1e-4,  # Keras computes in float32
    probe=probes.block,
    reference=Block,
    relations=[
        Relation(
            "what-no-norm-crosses",
            lambda case, rng: case | {"x": case["x"] + np.float32(2)},
            lambda out, moved: bool(np.allclose(out["output"] + 2, moved["output"], atol=1e-2)),
            "The same number added to every column of x must come out on top unchanged: norms "
            "take it away from what the sublayers see, and no norm may stand on the way around.",
        ),
    ],
    mistakes=[
        Mistake(
            "post-norm",
            _wrong(_post_norm),
            "That is the post-norm block of the first paper: the norms stand on the way around. "
            "Here each norm stands in front of its sublayer, and only there.",
        ),
        Mistake(
            "half-post-norm",
            _wrong(_half_post_norm),
            "The attention is right; the second norm stands behind the sum, it belongs in front "
            "of the feed-forward part.",
        ),
        Mistake(
            "norm-behind-the-sublayer",
            _wrong(_norm_of_the_sublayer),
            "You normed what each sublayer gives; norm what it is given.",
        ),
        Mistake(
            "normed-way-around",
            _wrong(_normed_way_around),
            "You wrote the normed vector over `x` and added that; what is added around a sublayer "
            "is x as it was. Give the normed one a name of its own.",
        ),
        Mistake(
            "normed-first-way",
            _wrong(_normed_first_way),
            "Around the attention you add the normed vector; add x as it was before the norm.",
        ),
        Mistake(
            "normed-second-way",
            _wrong(_normed_second_way),
            "Around the feed-forward part you add the normed vector; add what stood before the "
            "norm.",
        ),
        Mistake(
            "no-way-around",
            _wrong(_no_way_around),
            "Nothing is added: each sublayer's output takes the place of its input. Add the input "
            "to it, both times.",
        ),
        Mistake(
            "one-way-around-both",
            _wrong(_one_way_around_both),
            "One way leads around the whole block; each of the two sublayers has its own.",
        ),
        Mistake(
            "no-way-around-attention",
            _wrong(_only_the_second_way),
            "Nothing leads around the attention: add x to what it gives.",
        ),
        Mistake(
            "no-way-around-feed-forward",
            _wrong(_only_the_first_way),
            "Nothing leads around the feed-forward part: add its input, before the norm, to what "
            "it gives.",
        ),
        Mistake(
            "input-added-again",
            _wrong(_input_added_again),
            "Around the feed-forward part you add the *block's* input, so the attention only "
            "reaches it through the norm; add the sum that the first half made.",
        ),
        Mistake(
            "side-by-side",
            _wrong(_side_by_side),
            "Both sublayers read the block's input; the second should read the sum that the first "
            "made. (Some models do this on purpose, to save time.)",
        ),
        Mistake(
            "one-norm-for-both",
            _wrong(_one_norm),
            "`norm1` is used twice and `norm2` never: it would get no gradient.",
        ),
        Mistake(
            "norms-exchanged",
            _wrong(_norms_exchanged),
            "`norm2` stands in front of the attention and `norm1` in front of the feed-forward "
            "part; with weights from elsewhere that matters.",
        ),
        Mistake(
            "raw-source",
            _wrong(_raw_source),
            "The queries come from the normed vectors, keys and values from the raw ones; in "
            "self-attention all three see the same.",
        ),
        Mistake(
            "raw-query",
            _wrong(_raw_query),
            "Keys and values come from the normed vectors, the queries from the raw ones; in "
            "self-attention all three see the same.",
        ),
        Mistake(
            "no-norms",
            _wrong(_no_norms),
            "Neither norm is used.",
        ),
        Mistake(
            "no-second-norm",
            _wrong(_no_second_norm),
            "`norm2` is never used; it stands in front of the feed-forward part.",
        ),
        Mistake(
            "no-mask",
            _wrong(_no_mask),
            "The mask does not reach the attention; hand it on as `attention_mask=`.",
        ),
        Mistake(
            "feed-forward-first",
            _wrong(_feed_forward_first),
            "The feed-forward part comes first; in a block the words are mixed before that.",
        ),
    ],
    hints=[
        "Draw a straight line from the bottom to the top; the sublayers hang beside it, each "
        "behind its norm, and add to it.",
        "Everything stays (batch, time, d_model); only between `up` and `down` it is d_ff wide.",
        "`self.attention(query, value)` needs two arguments, here the same normed vectors, and "
        "takes `attention_mask=`.",
    ],
)
