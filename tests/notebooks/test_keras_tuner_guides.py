"""Keras's own guides for Keras Tuner, typed anew, with the line changed that makes the tuner."""

from __future__ import annotations

import inspect
import io
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from tests.notebooks.test_cells import run, text
from tuner import SmallestModel
from tuner.basics.environment import test_data_folder as data_folder

pytestmark = pytest.mark.slow

IMAGES = 2_000


@pytest.fixture(scope="module")
def mnist() -> Any:
    folder = data_folder()
    if folder is None:
        pytest.skip("TUNER_TEST_DATA names no folder of real images")
    (file,) = sorted((folder / "mnist").glob("train*.parquet"))
    rows = pyarrow.parquet.read_table(file).slice(0, IMAGES).to_pylist()
    x = np.stack([np.asarray(Image.open(io.BytesIO(r["img"]["bytes"]))) for r in rows])
    y = np.array([r["label"] for r in rows])
    # As in the guides: floats from 0 to 1 with a channel's axis, the last part for validation.
    x = np.expand_dims(x, -1).astype("float32") / 255.0
    return (x[:-300], y[:-300]), (x[-300:], y[-300:])


def test_getting_started(mnist: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras
    import keras_tuner
    from keras import layers

    def build_model(hp: Any) -> Any:
        model = keras.Sequential()
        model.add(layers.Flatten())
        for i in range(hp.Int("num_layers", 1, 3)):
            model.add(
                layers.Dense(
                    units=hp.Int(f"units_{i}", min_value=32, max_value=512, step=32),
                    activation=hp.Choice("activation", ["relu", "tanh"]),
                )
            )
        if hp.Boolean("dropout"):
            model.add(layers.Dropout(rate=0.25))
        model.add(layers.Dense(10, activation="softmax"))
        learning_rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
            loss="categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model

    build_model(keras_tuner.HyperParameters())
    tuner = SmallestModel(
        build_model,
        target=0.7,
        objective="val_accuracy",
        max_trials=3,
        overwrite=True,
        directory=tmp_path / "my_dir",
        project_name="helloworld",
        workers=1,
        prove="model",
    )
    tuner.search_space_summary()
    (x_train, y_train), (x_val, y_val) = mnist
    y_train, y_val = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_val, 10)
    result = tuner.search(x_train, y_train, epochs=4, validation_data=(x_val, y_val))
    assert result.status == "met"
    assert result.model_certificate is not None and result.model_certificate.certified
    best_model = tuner.get_best_models(num_models=2)[0]
    assert best_model.predict(x_val[:3], verbose=0).shape == (3, 10)
    tuner.results_summary()
    said = capsys.readouterr().out
    assert "Default search space size: 5" in said
    assert "num_layers (Int)" in said and "Results summary" in said and "Score: 0." in said

    best_hps = tuner.get_best_hyperparameters(5)
    model = build_model(best_hps[0])
    model.fit(x_train[:64], y_train[:64], epochs=1, verbose=0)

    again = SmallestModel(
        build_model, target=0.7, directory=tmp_path / "my_dir", project_name="helloworld"
    )
    again.reload()
    assert again.get_best_hyperparameters()[0].values == best_hps[0].values


def test_the_same_function_in_a_cell(mnist: Any, tmp_path: Path) -> None:
    (x_train, y_train), (x_val, y_val) = mnist
    np.savez(tmp_path / "mnist.npz", x=x_train, y=y_train, x_val=x_val, y_val=y_val)
    load = """
        import keras
        import numpy as np
        from typing import Any
        from keras import layers
        from tuner import search
        images = np.load("mnist.npz")
        y_train, y_val = (keras.utils.to_categorical(images[name], 10) for name in ("y", "y_val"))
        data = {"x": images["x"], "y": y_train, "x_val": images["x_val"], "y_val": y_val}
        """
    find = """
        result = search(build_model, data=data, target=0.7, horizon=4, trials=3, workers=1,
                        prove="model")
        """
    look = """
        images = np.load("mnist.npz")
        print(result.model_certificate.certified, result.load().predict(images["x"][:3]).shape)
        """
    typed = inspect.getsource(test_getting_started)
    function = typed[typed.index("    def build_model") : typed.index("    build_model(")]
    *_, looked = run(tmp_path, *map(textwrap.dedent, (load, function, find, look)))
    assert "True (3, 10)" in text(looked)


def test_tailoring_the_search_space(mnist: Any, tmp_path: Path) -> None:
    import keras
    import keras_tuner
    from keras import layers

    def build_model(hp: Any) -> Any:
        model = keras.Sequential()
        model.add(layers.Flatten())
        model.add(layers.Dense(units=hp.Int("units", min_value=32, max_value=512, step=32)))
        if hp.Boolean("dropout"):
            model.add(layers.Dropout(rate=0.25))
        model.add(layers.Dense(units=10, activation="softmax"))
        model.compile(
            optimizer=keras.optimizers.Adam(
                learning_rate=hp.Choice("learning_rate", values=[1e-2, 1e-3, 1e-4])
            ),
            loss=keras.losses.SparseCategoricalCrossentropy(),
            metrics=["accuracy"],
        )
        return model

    hp = keras_tuner.HyperParameters()
    # This will override the `learning_rate` parameter with your own selection of choices.
    hp.Float("learning_rate", min_value=1e-3, max_value=1e-2, sampling="log")
    tuner = SmallestModel(
        build_model,
        target=0.6,
        hyperparameters=hp,
        tune_new_entries=False,  # prevent unlisted parameters from being tuned
        loss="sparse_categorical_crossentropy",
        max_trials=2,
        overwrite=True,
        directory=tmp_path / "my_dir",
        project_name="search_a_few",
        workers=1,
        prove="model",
    )
    (x_train, y_train), (x_val, y_val) = mnist
    result = tuner.search(x_train, y_train, epochs=3, validation_data=(x_val, y_val), verbose=0)
    assert result.status == "met"
    assert result.model_certificate is not None and result.model_certificate.certified
    trained = result.record.trained
    assert all(set(t.values) == {"learning_rate", "batch_size"} for t in trained)
    assert all(1e-3 <= t.values["learning_rate"] <= 1e-2 for t in trained)


def test_tuning_ones_own_training(mnist: Any, tmp_path: Path) -> None:
    import keras
    import keras_tuner
    from keras import layers

    class MyHyperModel(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            model = keras.Sequential()
            model.add(layers.Flatten())
            model.add(
                layers.Dense(
                    units=hp.Int("units", min_value=32, max_value=512, step=32), activation="relu"
                )
            )
            model.add(layers.Dense(10, activation="softmax"))
            model.compile(
                optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
            )
            return model

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            return model.fit(*args, shuffle=hp.Boolean("shuffle", default=True), **kwargs)

    tuner = SmallestModel(
        MyHyperModel(),
        target=0.6,
        max_trials=2,
        overwrite=True,
        directory=tmp_path / "my_dir",
        project_name="tune_hypermodel",
        workers=1,
        prove="model",
    )
    (x_train, y_train), (x_val, y_val) = mnist
    stop = keras.callbacks.TerminateOnNaN()
    result = tuner.search(
        x_train, y_train, epochs=3, validation_data=(x_val, y_val), callbacks=[stop]
    )
    assert result.status == "met"
    assert result.model_certificate is not None and result.model_certificate.certified
    assert "shuffle" in result.hyperparameters
