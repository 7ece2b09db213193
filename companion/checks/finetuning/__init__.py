"""The exercises of chapter 10, in the order of the notebook: they climb."""

from companion.checks.finetuning.answers import best_answer
from companion.checks.finetuning.learning import class_weights, fine_tune
from companion.checks.finetuning.moving import layer_rates, merged_kernel
from companion.checks.finetuning.paths import best_path
from companion.checks.finetuning.predict import lora_weights
from companion.checks.finetuning.scores import span_f1
from companion.checks.finetuning.tags import tag_spans

EXERCISES = (
    lora_weights,
    merged_kernel,
    class_weights,
    layer_rates,
    tag_spans,
    best_answer,
    best_path,
    fine_tune,
    span_f1,
)
