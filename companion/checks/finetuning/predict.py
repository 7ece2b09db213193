"""Predict the number: how many weights LoRA and a head train."""

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant


def _trained(num_layers, d_model, rank, classes):
    """LoRAs on two projections of each block, and a dense head with its biases."""
    head = d_model * classes + classes
    places = 2 * num_layers
    pair = rank * (d_model + d_model)
    loras = places * pair
    return {
        "reference": loras + head,
        "mistakes": [
            Mistake(
                "full-matrices",
                places * d_model**2 + head,
                "You counted the matrices themselves; they are frozen. What is trained is their "
                "change, as the product of two thin matrices.",
            ),
            Mistake(
                "half",
                loras // 2 + head,
                "Half is missing. A LoRA is *two* matrices, A and B, and there is one on the query "
                "and one on the value of each block.",
            ),
            Mistake(
                "no-head",
                loras,
                "Those are the LoRAs. The head is new and learns too: without it nothing could be "
                "said about classes.",
            ),
            Mistake(
                "head-without-biases",
                loras + d_model * classes,
                "The head is a dense layer: it has a bias for each class.",
            ),
            Mistake(
                "head-only",
                head,
                "That is the head alone, as with a frozen encoder. The LoRAs move too.",
            ),
            Mistake(
                "all-projections",
                2 * loras + head,
                "You gave all four projections a LoRA; here only query and value have one.",
            ),
            Mistake(
                "one-block",
                loras // num_layers + head,
                "Those are the LoRAs of one block; each block has its own.",
            ),
            Mistake(
                "rank-forgotten",
                loras // rank + head,
                "You counted matrices one number thin; the rank says how thin they are.",
            ),
            Mistake(
                "biases-of-the-encoder",
                loras + places * d_model + head,
                "The biases of the projections belong to the encoder, and are frozen with it.",
            ),
        ],
        "hints": [
            "Two kinds of numbers move: the thin matrices of the LoRAs, and the new head.",
            f"A LoRA of rank r on a matrix D × D is A, (D, r), and B, (r, D). There are "
            f"2 · {num_layers} of them.",
            f"2 · {num_layers} · {rank} · ({d_model} + {d_model}) for the LoRAs, and for the head "
            "one column of weights and one bias for each class.",
        ],
    }


def _vary(rng):
    num_layers, d_model = int(rng.choice([3, 4, 8, 12])), int(rng.choice([128, 256, 512, 768]))
    rank, classes = int(rng.choice([4, 8, 16])), int(rng.integers(3, 12))
    return Variant(
        statement={
            "has 6 blocks and is 384 wide": f"has {num_layers} blocks and is {d_model} wide",
            "four dense layers, 384 × 384": f"four dense layers, {d_model} × {d_model}",
            "a LoRA of rank 4": f"a LoRA of rank {rank}",
            "into 6 classes": f"into {classes} classes",
        },
        **_trained(num_layers, d_model, rank, classes),
    )


lora_weights = prediction(
    "lora_weights", "How little is trained?", _trained(6, 384, 4, 6), vary=_vary
)
