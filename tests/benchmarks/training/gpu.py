"""The tool on a GPU with Keras on JAX: seconds an epoch, and trials an hour with several at a time.

Run on a machine with a GPU, JAX and its CUDA plugin (the tool and Keras need no TensorFlow there):

    python tests/benchmarks/training/gpu.py epochs
    python tests/benchmarks/training/gpu.py seeds
    python tests/benchmarks/training/gpu.py trials 1 4 16

`epochs`: each model, 45,000 random images to learn from and 5,000 to validate on; the first epoch,
which compiles, and the fastest of the others; beside them Keras's `fit` without augmentation.
`seeds`: five trainings of one model as one program (vmap), beside one.
`trials`: so many processes at a time, laid out as workers are. Each trains two models of widths
of their own for ten epochs with augmentation, after one that is left out. To share the GPU by
CUDA's multi-process service, start it before: `nvidia-cuda-mps-control -d`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[3]), str(HERE.parent)]
os.environ.setdefault("KERAS_BACKEND", "jax")
IMAGES = int(os.environ.get("IMAGES", "50000"))
VALIDATED = IMAGES // 10
TRIAL_EPOCHS, TRIALS = 10, 2


def images() -> Any:
    """Random ones, the first tenth for validation."""
    from models import CLASSES, IMAGE

    from tuner.training.loop import Examples

    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (IMAGES, *IMAGE), dtype=np.uint8)
    y = rng.integers(0, CLASSES, IMAGES)
    return Examples(x[VALIDATED:], y[VALIDATED:], x[:VALIDATED], y[:VALIDATED], CLASSES)


def train(model: Any, data: Any, horizon: int, augmented: bool) -> list[float]:
    """Seconds of each epoch."""
    from models import BATCH
    from ways import CUTOUT, SHIFT

    from tuner.training.augmentation import Augmentation
    from tuner.training.loop import epochs

    augmentation = Augmentation(True, SHIFT, CUTOUT) if augmented else Augmentation()
    options: dict[str, Any] = {"horizon": horizon, "batch_size": BATCH, "seed": 0}
    return [e.seconds for e in epochs(model, data, augmentation=augmentation, **options)]


def measure_epochs() -> None:
    """Prints a row for each model."""
    from models import BATCH, CASES, keras_model

    from tuner.training.labels import encode

    data = images()
    print(f"{'':24}{'build':>8}{'first':>8}{'epoch':>8}{'augmented':>11}{'fit':>8}")
    for case in CASES:
        started = time.perf_counter()
        model = keras_model(case, len(data.x_train))
        built = time.perf_counter() - started
        plain = train(model, data, 4, augmented=False)
        augmented = train(model, data, 4, augmented=True)
        fitted = []
        one_hot = encode(data.y_train, data.num_classes)
        for _ in range(2):
            started = time.perf_counter()
            model.fit(data.x_train, one_hot, batch_size=BATCH, verbose=0)
            fitted.append(time.perf_counter() - started)
        numbers = built, plain[0], min(plain[1:]), min(augmented[1:]), fitted[-1]
        print(f"{case:24}" + "{:8.2f}{:8.2f}{:8.3f}{:11.3f}{:8.3f}".format(*numbers), flush=True)


def measure_seeds(count: int = 5) -> None:
    """Prints seconds an epoch and a seed, of one training and of several in one program."""
    import jax
    import jax.numpy as jnp
    from models import BATCH, keras_model

    from tuner.training.labels import encode

    data = images()
    x, y = jnp.asarray(data.x_train), jnp.asarray(encode(data.y_train, data.num_classes))
    steps = len(x) // BATCH
    for case in ("conv 40 k", "residual 7 k"):
        model = keras_model(case, len(x))
        model._symbolic_build(data_batch=(np.asarray(x[:1]), np.asarray(y[:1])))
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        one = tuple([v.value for v in group] for group in groups)

        def epoch(state: Any, rows: Any, model: Any = model) -> Any:
            def step(state: Any, rows: Any) -> Any:
                return model.train_step(state, (x[rows], y[rows]))[1]

            return jax.lax.fori_loop(
                0, steps, lambda i, state: jax.vmap(step)(state, rows[i]), state
            )

        for seeds in (1, count):
            state = jax.tree.map(lambda a, seeds=seeds: jnp.stack([a] * seeds), one)
            orders = [np.random.default_rng(s).permutation(len(x)) for s in range(seeds)]
            rows = np.stack([o[: steps * BATCH].reshape(steps, BATCH) for o in orders], 1)
            program = jax.jit(epoch)
            jax.block_until_ready(program(state, rows))
            started = time.perf_counter()
            jax.block_until_ready(program(state, rows))
            seconds = (time.perf_counter() - started) / seeds
            print(f"{case}, {seeds} in one program: {seconds:.3f} s an epoch and seed", flush=True)


def work(index: int) -> None:
    """One process of `measure_trials`: says when it is ready, waits, trains, says so."""
    import keras
    from models import keras_model

    data = images()
    for trial in range(TRIALS + 1):
        number = index * (TRIALS + 1) + trial
        widths = {"width_0": 16 + number % 24, "width_1": 32 + (number // 24 + 5 * number) % 48}
        model = keras_model("conv 40 k", len(data.x_train), **widths)
        train(model, data, TRIAL_EPOCHS, augmented=True)
        del model
        keras.utils.clear_session(free_memory=False)
        if trial in (0, TRIALS):
            print("ready", flush=True)
            sys.stdin.readline()


def measure_trials(count: int) -> None:
    """Prints trials an hour with so many processes on the first GPU."""
    from tuner.launchers.backends import shared_programs
    from tuner.launchers.placement import KEPT_FREE, Placement

    place = Placement(gpu="0", share=1.0 if count == 1 else (1.0 - KEPT_FREE) / count)
    with shared_programs() as shared:
        _measure_trials(count, {**os.environ, **place.environment(), **shared})


def _measure_trials(count: int, environment: dict[str, str]) -> None:
    crew = [
        subprocess.Popen(
            [sys.executable, str(HERE), "work", str(index)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )
        for index in range(count)
    ]  # fmt: skip
    try:
        times = []
        for _ in range(2):
            for process in crew:
                assert process.stdout is not None
                if process.stdout.readline() != "ready\n":
                    raise SystemExit("a process ended early")
            times.append(time.perf_counter())
            for process in crew:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
        done, seconds = count * TRIALS, times[1] - times[0]
        found = {"at a time": count, "trials": done, "an hour": round(3600 * done / seconds)}
        print(json.dumps(found), flush=True)
    finally:
        for process in crew:
            process.kill()


def main() -> None:
    """Runs what the command line names."""
    match sys.argv[1:]:
        case ["epochs"]:
            measure_epochs()
        case ["seeds"]:
            measure_seeds()
        case ["trials", *counts] if counts:
            for count in counts:
                measure_trials(int(count))
        case ["work", index]:
            work(int(index))
        case _:
            raise SystemExit(__doc__)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
