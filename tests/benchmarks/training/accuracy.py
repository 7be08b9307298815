"""Whether the tool's engine learns what Keras's `fit` learns from the same recipe.

Run: python tests/benchmarks/training/accuracy.py --data FOLDER [--epochs 6] [--seeds 0 1 2]
FOLDER is what `tuner search --data` takes. Prints the test accuracy after the last epoch, the
learning rate falling to 0 by then, without augmentation: mean and standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os

import numpy as np

CASES = ("dense 600 k", "conv 4 k", "residual 7 k")
IMAGES = 20_000


def main() -> None:
    """Train, then print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    jobs = [
        (case, way, seed, args.data, args.epochs)
        for case in CASES
        for way in ("fit", "tuner")
        for seed in args.seeds
    ]
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        found = pool.map(train, jobs, chunksize=1)
    print("| model | fit | tuner | difference, points |\n|---|---|---|---|")
    for case in CASES:
        of = {
            way: np.array([a for j, a in zip(jobs, found, strict=True) if j[:2] == (case, way)])
            for way in ("fit", "tuner")
        }
        cells = [f"{100 * a.mean():.1f} ± {100 * a.std(ddof=1):.1f} %" for a in of.values()]
        difference = 100 * (of["tuner"].mean() - of["fit"].mean())
        print(f"| {case} | {' | '.join(cells)} | {difference:+.1f} |")


def train(job: tuple[str, str, int, str, int]) -> float:
    """One training in a process of its own; the accuracy on the test images."""
    case, way, seed, source, horizon = job
    os.environ.update(dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"))
    import keras
    from models import BATCH, CLASSES, keras_model

    from tuner import data
    from tuner.training.augmentation import Augmentation
    from tuner.training.labels import encode
    from tuner.training.loop import Examples, epochs
    from tuner.training.scores import predict

    found = data.resolve(source, seed=0)
    x, labels = (np.array(part[:IMAGES]) for part in found.train())
    x_test, y_test = found.test()
    keras.utils.set_random_seed(seed)
    model = keras_model(case, len(x), horizon=horizon, schedule="linear")
    if way == "fit":
        model.fit(x, encode(labels, CLASSES), batch_size=BATCH, epochs=horizon, verbose=0)
    else:
        images = Examples(x, labels, x[:0], labels[:0], CLASSES)
        training = epochs(
            model, images, horizon=horizon, batch_size=BATCH, augmentation=Augmentation(), seed=seed
        )
        for _ in training:
            pass
    return float((predict(model, np.array(x_test), CLASSES) == np.array(y_test)).mean())


if __name__ == "__main__":
    main()
