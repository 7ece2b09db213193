"""What Keras does in `fit`, written out: forward, backward, descend; and one step of each cell.

Chapter 3. The feed-forward model of `feed_forward` in NumPy, float64, with the gradient of every
weight by the chain rule. `tests/test_neural_lm.py` shows it equal to Keras after every step. The
letters of the weights are Bengio's: C (V, D), H (n D, h), d (h,), U (h, V), b (V,), W (n D, V).
"""

from collections.abc import Callable

import numpy as np

from companion.neural_lm.scoring import log_softmax

Weights = dict[str, np.ndarray]


def forward(weights: Weights, contexts: np.ndarray) -> tuple[np.ndarray, tuple]:
    """y = b + W x + U tanh(d + H x); Bengio et al. 2003, eq. 1. Logits (B, V), and x and tanh."""
    x = weights["C"][contexts].reshape(len(contexts), -1)  # (B, n, D) → (B, n D)
    a = np.tanh(x @ weights["H"] + weights["d"])
    y = a @ weights["U"] + weights["b"]
    if "W" in weights:
        y = y + x @ weights["W"]
    return y, (x, a)


def cross_entropy_and_gradient(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """L = −(1/B) Σ log p(target), and ∂L/∂logits = (p − one-hot(target)) / B, (B, V)."""
    rows = np.arange(len(targets))
    log_probs = log_softmax(logits)
    gradient = np.exp(log_probs)
    gradient[rows, targets] -= 1
    return -float(log_probs[rows, targets].mean()), gradient / len(targets)


def backward(weights: Weights, contexts: np.ndarray, kept: tuple, d_logits: np.ndarray) -> Weights:
    """∂L/∂w for every weight, by the chain rule from the output back to the word vectors."""
    x, a = kept
    d_hidden = (d_logits @ weights["U"].T) * (1 - a**2)  # tanh′ = 1 − tanh²
    d_x = d_hidden @ weights["H"].T
    gradients = {
        "U": a.T @ d_logits,
        "b": d_logits.sum(axis=0),
        "H": x.T @ d_hidden,
        "d": d_hidden.sum(axis=0),
    }
    if "W" in weights:
        gradients["W"] = x.T @ d_logits
        d_x = d_x + d_logits @ weights["W"].T
    gradients["C"] = np.zeros_like(weights["C"])
    # A word that stands in several places gets the sum: += would keep only the last.
    np.add.at(gradients["C"], contexts, d_x.reshape(*contexts.shape, -1))
    return gradients


def train_by_hand(
    weights: Weights, batch: Callable[[int], tuple], steps: int, learning_rate: float
) -> tuple[Weights, list[float]]:
    """w ← w − η ∂L/∂w, `steps` times; returns new weights and the loss (nats) before each step.

    `batch(step)` gives `(contexts, targets)`, as for `training.fit`.
    """
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    losses = []
    for step in range(steps):
        contexts, targets = batch(step)
        logits, kept = forward(weights, contexts)
        loss, d_logits = cross_entropy_and_gradient(logits, targets)
        gradients = backward(weights, contexts, kept, d_logits)
        weights = {name: w - learning_rate * gradients[name] for name, w in weights.items()}
        losses.append(loss)
    return weights, losses


def gru_step(
    x: np.ndarray, h: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """h′ = z ∘ h + (1 − z) ∘ tanh(x W + b + r ∘ (h U + c)); Cho et al. 2014, as cuDNN writes it.

    x (B, D_in), h (B, D); W (D_in, 3D), U (D, 3D), biases (2, 3D), each for z, r and the
    candidate in this order. Cho et al. put r on h before U; their z is as here.
    """
    xz, xr, xh = np.split(x @ kernel + bias[0], 3, axis=-1)
    hz, hr, hh = np.split(h @ recurrent + bias[1], 3, axis=-1)
    z, r = _sigmoid(xz + hz), _sigmoid(xr + hr)
    return z * h + (1 - z) * np.tanh(xh + r * hh)


def lstm_step(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """c′ = f ∘ c + i ∘ tanh(g), h′ = o ∘ tanh(c′); Hochreiter & Schmidhuber 1997, Gers et al. 2000.

    x (B, D_in), h and c (B, D); W (D_in, 4D), U (D, 4D), bias (4D,), each for i, f, g, o.
    Returns h′ and c′.
    """
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(x / 2)) / 2  # 1 / (1 + e^−x) without overflow
