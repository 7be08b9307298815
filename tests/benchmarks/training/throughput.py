"""Images a second of one training on one core: Keras's `fit` against the tool's engine.

    python -m tests.benchmarks.training.throughput

Both train the same models on the same random images, one after the other in one process that is
pinned to one processor, as the workers of a search are.
"""

from __future__ import annotations

import os
import time

import numpy as np

IMAGES, BATCH, HORIZON = 8_192, 128, 25
SEPARABLE = {"stages": 2, "stem_width": 4, "width_0": 12, "width_1": 20}
PLAIN = {"block": "plain", "stem_width": 6, "width_0": 6, "width_1": 10, "width_2": 18}
WIDE = {
    "block": "plain",
    "shortcut": "projection",
    "stem_width": 16,
    "width_0": 16,
    "width_1": 32,
    "width_2": 64,
}
CASES = [
    (
        "separable ResNet 12-20-36",
        "search_spaces.resnet:ResidualSpace",
        {"width_1": 20, "width_2": 36},
    ),
    ("separable ResNet 4-12-20", "search_spaces.resnet:ResidualSpace", SEPARABLE),
    ("ResNet 6-10-18", "search_spaces.resnet:ResidualSpace", PLAIN),
    ("ResNet 16-32-64", "search_spaces.resnet:ResidualSpace", WIDE),
    ("CNN, defaults", "search_spaces.cnn:ConvSpace", {}),
    ("dense, defaults", "search_spaces.dense:DenseSpace", {}),
]


def main() -> None:
    """Prints one row of a Markdown table for each model."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as a search's workers have it
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)
    y = rng.integers(0, 10, IMAGES)
    print("| model | parameters | fit | tuner | ratio | before its first step, s |")
    print("|---|---|---|---|---|---|")
    for label, space, values in CASES:
        stock, ours, before, size = compare(space, values, x, y)
        print(
            f"| {label} | {size:,} | {stock:,.0f} | {ours:,.0f} | {ours / stock:.1f} "
            f"| {before:.1f} |",
            flush=True,
        )


def compare(space: str, values: dict, x: np.ndarray, y: np.ndarray) -> tuple:
    """Images a second of `fit` and of the tool, seconds of tracing, trainable parameters."""
    from tuner.data.augmentation import Augmentation
    from tuner.training import Images, encode, epochs

    model = build(space, values)
    labels = encode(y, 10)
    model.fit(x[:512], labels[:512], batch_size=BATCH, verbose=0)
    started = time.perf_counter()
    model.fit(x, labels, batch_size=BATCH, verbose=0)
    stock = len(x) / (time.perf_counter() - started)
    model = build(space, values)
    size = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    images = Images(x, y, x[:0], y[:0], 10)
    first, second = epochs(
        model, images, horizon=2, batch_size=BATCH, augmentation=Augmentation(), seed=0
    )
    return stock, len(x) / second.seconds, first.seconds - second.seconds, size


def build(space: str, values: dict):
    """A compiled model of a search space; what is left out takes the space's defaults."""
    import keras_tuner

    from tuner.space import load_space

    hypermodel = load_space(
        space,
        input_shape=(32, 32, 3),
        num_classes=10,
        train_size=IMAGES,
        horizon=HORIZON,
        options={},
    )
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    return hypermodel.build(hp)


if __name__ == "__main__":
    main()
