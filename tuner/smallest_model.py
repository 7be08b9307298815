"""`SmallestModel`: the search with the manners of Keras Tuner's tuners.

A script of Keras Tuner's moves over by changing the line that makes its tuner. What has no meaning
here is refused in one line; nothing is ignored.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner.basics import environment
from tuner.basics.addresses import local_path
from tuner.errors import StorageError, UsageError
from tuner.records import words
from tuner.sessions import cells
from tuner.sessions import keras_tuner_arguments as arguments
from tuner.spaces import carried

if TYPE_CHECKING:
    from tuner.records.studies import StudyRecord
    from tuner.records.trials import TrialRecord
    from tuner.sessions.result import Result

KERAS_BATCH_SIZE = 32
"""Of `model.fit`, where none is given."""


class SmallestModel:
    """Finds the smallest model that reaches a target, with the methods of a Keras Tuner tuner.

    Example::

        finder = SmallestModel(build_model, target=0.9, max_epochs=25, max_trials=50)
        finder.search(x_train, y_train, validation_split=0.2, test_data=(x_test, y_test))
        model = finder.get_best_models()[0]

    Args:
        hypermodel: A function ``build_model(hp)``, a HyperModel, or a class of such.
        target: What the model must reach, a fraction of accuracy.
        objective: ``val_accuracy``, or ``val_`` and another metric's name, or Keras's name for it;
            also as a ``keras_tuner.Objective``.
        max_epochs: Epochs that one training may take.
        max_trials: Trained trials.
        directory: Folder of projects; default: the current one.
        project_name: Folder within it, and name of the study.
        overwrite: Whether to begin anew where the project exists; else it goes on.
        seed: Of the sampler and of every training.
        warm_start: Folder of a project of Keras Tuner's, whose trials the sampler learns from.
        hyperparameters: Ranges that replace the function's own, by name.
        tune_new_entries: Whether hyperparameters that are not among those are searched too.
        optimizer: Instead of the function's.
        loss: Instead of the function's.
        metrics: Instead of the function's.
        **more: ``metric`` (instead of an objective) and ``metric_direction``, ``workers``,
            ``prove``, ``minimize``, ``margin``, ``sampler``, ``pruner``, ``artifacts``,
            ``in_process`` and ``watcher``, as `tuner.search` takes them.

    Raises:
        UsageError: Something of it has no meaning here.
    """

    def __init__(
        self,
        hypermodel: Any,
        target: float | None = None,
        objective: Any = arguments.DEFAULT_OBJECTIVE,
        max_epochs: int | None = None,
        max_trials: int = 50,
        *,
        directory: str | Path | None = None,
        project_name: str | None = None,
        overwrite: bool = False,
        seed: int | None = None,
        warm_start: str | Path | None = None,
        hyperparameters: Any = None,
        tune_new_entries: bool = True,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        **more: Any,
    ) -> None:
        cells.require_function(hypermodel)
        if target is None:
            raise UsageError("SmallestModel needs a target, as in target=0.9.")
        arguments.require_known(more)
        self.hypermodel = hypermodel() if isinstance(hypermodel, type) else hypermodel
        self.project_name = project_name or "untitled_project"
        self.project_dir = local_path(directory or ".", "directory") / self.project_name
        self._target, self._metric = target, arguments.metric_of(objective, more)
        self._max_epochs, self._max_trials = max_epochs, max_trials
        self._seed, self._more = seed or 0, more
        self._warm_start = None if warm_start is None else str(warm_start)
        compiled = {"optimizer": optimizer, "loss": loss, "metrics": metrics}
        self._compile = {key: value for key, value in compiled.items() if value is not None}
        self._hyperparameters, self._tune_new_entries = hyperparameters, tune_new_entries
        self._result: Result | None = None
        if overwrite:
            self._remove()
        elif (self.project_dir / "oracle.json").exists():
            raise UsageError(
                f"{self.project_dir} is a project of Keras Tuner's: give another project_name, and "
                f"warm_start={str(self.project_dir)!r} to learn from its trials."
            )

    def search(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int | None = None,
        batch_size: int | None = KERAS_BATCH_SIZE,
        validation_data: Any = None,
        validation_split: float | None = None,
        test_data: Any = None,
        test_split: float | None = None,
        callbacks: Sequence[Any] = (),
        sample_weight: Any = None,
        verbose: Any = "auto",
        **fit: Any,
    ) -> Result:
        """Searches, with the arguments of ``model.fit``; called again, it goes on.

        Args:
            x: Training examples.
            y: Their answers.
            epochs: Epochs that one training may take, where the constructor does not say.
            batch_size: Of a minibatch, where the function asks for no such hyperparameter.
            validation_data: ``(x, y)`` to validate on.
            validation_split: Instead of it, the share of `x` that is, from its end, as in Keras.
            test_data: ``(x, y)`` for the proof, which nothing else reads.
            test_split: Instead of it, the share of `x` that is set aside for it; default: a tenth.
            callbacks: Callbacks of Keras's.
            sample_weight: How much each example of `x` counts.
            verbose: 0: say nothing.
            **fit: ``class_weight`` and ``shuffle``, as ``model.fit`` takes them.

        Raises:
            TunerError: Anything that the caller can mend.
        """
        from tuner.api import search
        from tuner.sessions.watcher import Silent

        data = arguments.data_of(x, y, sample_weight, validation_data, validation_split, test_data)
        options = dict(self._more)
        if verbose in (0, "0"):
            options.setdefault("watcher", Silent())
        result: Result = search(
            self._space(batch_size, callbacks, fit),
            data=data,
            target=self._target,
            metric=self._metric,
            horizon=self._horizon(epochs),
            trials=self._max_trials,
            name=self.project_name,
            results=self.project_dir,
            seed=self._seed,
            test_split=test_split,
            warm_start=self._warm_start,
            **options,
        )
        self._result = result
        return result

    def get_best_models(self, num_models: int = 1) -> list[Any]:
        """The models that met the target, the smallest first.

        Raises:
            UsageError: None has.
        """
        from tuner.spaces.custom_objects import load_model

        record = self._record()
        kept = [(t, self._folder / t.model_file) for t in _met(record) if t.model_file]
        files = [file for _, file in kept if file.is_file()][:num_models]
        if not files:
            raise UsageError(
                f"{self.project_name}: no model has met the target of {words.goal(record.target)}, "
                "and only those are kept; lower it, or search on with a larger max_trials."
            )
        return [load_model(file, str(record.study["space"])) for file in files]

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[Any]:
        """Hyperparameters of the best trials, as Keras Tuner's: those that met the target first."""
        import keras_tuner

        found = []
        for trial in _ranked(self._record())[:num_trials]:
            hp = keras_tuner.HyperParameters()
            hp.values = dict(trial.values)
            found.append(hp)
        return found

    def results_summary(self, num_trials: int = 10) -> None:
        """Prints the best trials."""
        record = self._record()
        print("Results summary")
        print(f"Results in {self.project_dir}")
        print(f"Objective: the smallest model, {words.wanted(record)}")
        for trial in _ranked(record)[:num_trials]:
            print(f"\nTrial {trial.number} summary")
            print("Hyperparameters:")
            for name, value in trial.values.items():
                print(f"{name}: {value}")
            print(f"Size: {words.size(trial)}")
            print(f"Score: {trial.val_measured}")

    def search_space_summary(self, extended: bool = False) -> None:
        """Prints the hyperparameters of the function.

        Args:
            extended: Not known here: all of them are printed as they are.
        """
        import keras_tuner

        hp = keras_tuner.HyperParameters()
        self._space(None, (), {}).build(hp)
        print("Search space summary")
        print(f"Default search space size: {len(hp.space)}")
        for each in hp.space:
            config = each.get_config()
            print(f"{config.pop('name')} ({type(each).__name__})")
            print(config)

    def reload(self) -> None:
        """Finds the project's results again.

        Raises:
            UsageError: There are none.
        """
        self._result = None
        self._record()

    @property
    def _folder(self) -> Path:
        return self.project_dir / self.project_name

    def _space(self, batch_size: int | None, callbacks: Sequence[Any], fit: Any) -> Any:
        from tuner.spaces.fitted import Wanted, fitted

        for name in fit:
            if name not in ("class_weight", "shuffle"):
                raise UsageError(f"search takes no {name!r}; it takes class_weight and shuffle.")
        name = carried.called(self.hypermodel)
        wanted = Wanted(
            batch_size,
            self._hyperparameters,
            self._tune_new_entries,
            dict(self._compile),
            chosen=batch_size != KERAS_BATCH_SIZE,
        )
        return fitted(self.hypermodel, wanted, name, callbacks or (), fit)

    def _horizon(self, epochs: int | None) -> int:
        given = {e for e in (epochs, self._max_epochs) if e is not None}
        if len(given) > 1:
            raise UsageError(
                f"search has epochs={epochs} and SmallestModel max_epochs={self._max_epochs}: give "
                "one of them, or the same."
            )
        return given.pop() if given else cells.HORIZON

    def _record(self) -> StudyRecord:
        from tuner.records.studies import StudyRecord
        from tuner.storages.studies import load_study

        if self._result is not None:
            return self._result.record
        if environment.storage_url() is None and not (self.project_dir / "tuner.db").exists():
            raise UsageError(
                f"{self.project_dir} holds no results: run search(...) first, or give the "
                "directory and project_name of a search that has run."
            )
        return StudyRecord.of(load_study(self.project_name, results=self.project_dir))

    def _remove(self) -> None:
        """What an earlier search has left; nothing else's folder."""
        if not (self.project_dir / "tuner.db").exists():
            return
        from tuner.storages.opening import let_go

        let_go()
        try:
            shutil.rmtree(self.project_dir)
        except OSError as error:
            raise StorageError(
                f"{self.project_dir} cannot be removed ({error.strerror or error}): end what uses "
                "it, or give another project_name."
            ) from error


def _met(record: StudyRecord) -> list[TrialRecord]:
    """Trials that met the target and were not refuted, the smallest first."""
    met = [t for t in record.trials if t.reached and t.number not in record.refuted]
    return sorted(met, key=lambda t: (t.value or 0.0, t.number))


def _ranked(record: StudyRecord) -> list[TrialRecord]:
    """All that were trained: those that met the target, the smallest first, then by shortfall."""
    met = _met(record)
    known = {t.number for t in met}
    others = [t for t in record.trained if t.number not in known]
    return [*met, *sorted(others, key=lambda t: t.shortfall if t.shortfall is not None else 1e9)]
