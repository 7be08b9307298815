"""Ways to train a model for an epoch: Keras's own, hand-written ones, and the tool's.

`python tests/benchmarks/training/ways.py WAY CASE IMAGES AUGMENTED THREADS` prints a line of JSON.
Each way trains on the same images, drawn at random and kept as uint8, in minibatches of 128 in an
order drawn anew. The first epoch is left out: it traces the graph.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from models import BATCH, CLASSES, HORIZON, IMAGE, keras_model, torch_model

SHIFT, CUTOUT = 2, 8
Epoch = Callable[[], object]
"""Trains one epoch."""


def keras_augmentation() -> Any:
    """Flip, shift and cutout as Keras's own layers do them, on a minibatch of images in 0..255."""
    import keras

    share = SHIFT / IMAGE[0]
    area = (CUTOUT / IMAGE[0]) ** 2
    return keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal", data_format="channels_last"),
            keras.layers.RandomTranslation(share, share, fill_mode="reflect"),
            keras.layers.RandomErasing(1.0, scale=(area, area), value_range=(0, 255)),
        ]
    )


def fit(case: str, x: np.ndarray, y: np.ndarray, augmented: bool) -> Epoch:
    """`model.fit` on NumPy arrays; augmentation goes before the model, into the same graph."""
    import keras

    model = keras_model(case, len(x))
    if augmented:
        inputs = keras.Input(IMAGE)
        optimizer, loss = model.optimizer, model.loss
        model = keras.Model(inputs, model(keras_augmentation()(inputs)))
        model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return lambda: model.fit(x, y, batch_size=BATCH, verbose=0)


def tf_data(case: str, x: np.ndarray, y: np.ndarray, augmented: bool) -> Epoch:
    """`fit` on a tf.data pipeline: shuffle, batch, augment, prefetch."""
    import tensorflow as tf

    model = keras_model(case, len(x))
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(BATCH)
    if augmented:
        layers = keras_augmentation()
        data = data.map(
            lambda images, labels: (layers(tf.cast(images, tf.float32), training=True), labels),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    data = data.prefetch(tf.data.AUTOTUNE)
    return lambda: model.fit(data, verbose=0)


def tf_function(case: str, x: np.ndarray, y: np.ndarray, augmented: bool) -> Epoch:
    """A hand-written `tf.function` step, called minibatch by minibatch."""
    import tensorflow as tf

    model = keras_model(case, len(x))
    optimizer, loss_of = model.optimizer, model.loss
    optimizer.build(model.trainable_variables)
    layers = keras_augmentation() if augmented else None

    @tf.function(reduce_retracing=True)
    def step(images: Any, labels: Any) -> Any:
        if layers is not None:
            images = layers(tf.cast(images, tf.float32), training=True)
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    def epoch() -> None:
        for rows in minibatches(len(x)):
            step(tf.constant(x[rows]), tf.constant(y[rows]))

    return epoch


def pytorch(case: str, x: np.ndarray, y: np.ndarray, augmented: bool) -> Epoch:
    """A plain PyTorch loop, eager, channels last."""
    os.environ["KERAS_BACKEND"] = (
        "torch"  # the space is read by keras-tuner; TensorFlow and PyTorch
    )
    import torch  # cannot both be loaded into one process

    assert not augmented
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model, optimizer = torch_model(case, len(x))
    images = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(y.argmax(1))
    model.train()

    def epoch() -> None:
        for rows in minibatches(len(x)):
            chosen = torch.from_numpy(rows)
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()

    return epoch


def tuner(case: str, x: np.ndarray, y: np.ndarray, augmented: bool) -> Epoch:
    """The tool's engine, batch normalisation's statistics settled after the epoch as in a trial."""
    from tuner.training.augmentation import Augmentation
    from tuner.training.loop import Examples, epochs

    augmentation = Augmentation(True, SHIFT, CUTOUT) if augmented else Augmentation()
    training = epochs(
        keras_model(case, len(x)), Examples(x, y.argmax(1), x[:0], y[:0].argmax(1), CLASSES),
        horizon=HORIZON, batch_size=BATCH, augmentation=augmentation, seed=0,
    )  # fmt: skip
    return lambda: next(training)


def minibatches(count: int) -> Iterator[np.ndarray]:
    """Rows of each minibatch, in an order drawn anew."""
    order = np.random.default_rng().permutation(count)
    for start in range(0, count, BATCH):
        yield order[start : start + BATCH]


WAYS = {
    "fit, NumPy": fit,
    "fit, tf.data": tf_data,
    "tf.function": tf_function,
    "PyTorch": pytorch,
    "tuner": tuner,
}


def set_up(threads: int) -> None:
    """Gives this process so many threads, and with one a processor of its own; 0: the defaults."""
    if threads:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(threads)
    cores = sorted(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = str(threads or len(cores))
    if threads == 1:
        os.sched_setaffinity(0, cores[:1])
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def random_images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and one-hot labels."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, *IMAGE), dtype=np.uint8)
    return x, np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, count)]


def main() -> None:
    """Measures one way in this process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("case", help="a model of models.py")
    parser.add_argument("images", type=int, help="how many an epoch has")
    parser.add_argument("augmented", choices=("yes", "no"))
    parser.add_argument("threads", type=int, help="1: pinned to a processor; 0: the default")
    args = parser.parse_args()
    set_up(args.threads)
    x, y = random_images(args.images)
    epoch = WAYS[args.way](args.case, x, y, args.augmented == "yes")
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    best = min(seconds[1:])
    print(json.dumps({"rate": args.images / best, "first": seconds[0] - best, "peak": peak}))
    sys.stdout.flush()
    os._exit(0)  # a training that has not come to its end


if __name__ == "__main__":
    main()
