"""`search`, `certify`, `export` and `load_study`: what the command line and notebooks call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tuner.basics.addresses import local_path
from tuner.basics.environment import RESULTS
from tuner.certificates import FEWEST, SEEDS
from tuner.errors import SpaceError, UsageError
from tuner.exports.export import export
from tuner.objectives.direction import Direction
from tuner.objectives.proof import DEFAULT, Prove
from tuner.pruners.registry import PRUNERS
from tuner.samplers.registry import SAMPLERS
from tuner.specs.spec import Minimize
from tuner.storages.studies import load_study
from tuner.views.choosing import watching

__all__ = ["certify", "export", "load_study", "search"]

if TYPE_CHECKING:
    from tuner.sessions.result import CertificateResult, Result
    from tuner.sessions.watcher import Watcher


def search(
    study: Any,
    *,
    data: Any = None,
    trials: int | Literal["auto"] | None = None,
    more: int | None = None,
    timeout: float | None = None,
    seed: int = 0,
    storage: str | None = None,
    results: str | Path = RESULTS,
    workers: int | Literal["auto"] = "auto",
    on: str | None = None,
    target: float | None = None,
    margin: float | None = None,
    minimize: Minimize | None = None,
    sampler: str = SAMPLERS[0],
    pruner: str = PRUNERS[0],
    reference: bool = True,
    prove: Prove | None = None,
    warm_start: str | None = None,
    relabel: bool = False,
    accept_duplicates: bool = False,
    horizon: int | None = None,
    name: str | None = None,
    metric: str | Callable[..., Any] | None = None,
    metric_direction: Direction | None = None,
    test_split: float | None = None,
    space_options: Mapping[str, Any] | None = None,
    in_process: bool = False,
    artifacts: str | Path | None = None,
    log: str | Sequence[str] = (),
    watcher: Watcher | None = None,
) -> Result:
    """Searches for the smallest model that meets a target, or trains a sweep's grid.

    Called again with the same arguments it goes on where it stopped, also after a crash, and in a
    notebook after its kernel was started anew::

        def build_model(hp):
            model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
            model.add(keras.layers.Dense(hp.Int("units", 4, 256, sampling="log"), "relu"))
            model.add(keras.layers.Dense(10, "softmax"))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            return model

        result = search(build_model, data=(x_train, y_train, x_test, y_test), target=0.9)
        model = result.load()

    Args:
        study: A function ``build_model(hp)`` that returns a compiled Keras model, a Keras Tuner
            HyperModel or a class of such, of a notebook as well as of a module; or the name of a
            built-in study, the path of a study file, or a validated study.
        data: ``(x_train, y_train, x_test, y_test)``, ``(x, y)``, what Keras's ``load_data`` gives,
            or a dict of the usual names, of NumPy arrays or pandas frames; or where the data comes
            from, instead of what the study names; in a sweep over several data sets one
            ``name=source`` for each.
        trials: Trained trials that the study shall have in all; default 50; a sweep's is its grid.
            ``auto``: as many as it takes until another is expected to gain less than 2 %.
        more: Trained trials to add to those that the study has.
        timeout: Seconds after which to stop; running trainings stop after their epoch.
        seed: Seed of the sampler and of every training.
        storage: URL of an Optuna storage; default: an SQLite file in `results`.
        results: Folder for the storage and the models.
        workers: Worker processes; ``auto`` chooses from cores or GPUs; 0: none of its own, those
            that ``tuner worker`` starts do the work.
        on: Where workers run: None or ``processes`` for this machine, ``ray`` for the Ray cluster
            that ``RAY_ADDRESS`` names or one of this machine's own, ``ray://HOST:10001`` for one.
        target: What to reach, of an accuracy a fraction, instead of the study's; makes a study of
            its own.
        margin: Margin for validation noise, in the metric's own lengths, instead of the study's.
        minimize: ``size``, ``macs`` or ``bytes``, instead of the study's; makes its own study.
        sampler: One of `tuner.samplers.registry.SAMPLERS`.
        pruner: One of `tuner.pruners.registry.PRUNERS`.
        reference: Whether to train the reference model first.
        prove: ``model``, ``recipe``, ``both`` or ``none``, instead of the study's. A model is
            proven as the file that it is, on the test images; a recipe with fresh seeds.
        warm_start: Name of a search in the same storage whose trials the sampler learns from
            before this study has its own; needs the sampler ``smallest``.
        relabel: Whether to number the data's classes anew, 0, 1, 2, … in the order of its labels.
        accept_duplicates: Whether to prove anything although more than 1 % of the test images are
            training images as well.
        horizon: Epochs that one training of a function's model may take; default: 25.
        name: What the study is called in the storage, instead of its own name: to repeat one
            beside the first, with another seed. A function's is made of the function's name and a
            hash of all that makes the study what it is.
        metric: What is measured, instead of the study's; default: accuracy. One of
            `tuner.objectives.metrics.METRICS`, a function of (y_true, scores) over all examples
            that returns a number, or the place of one, ``file.py:function``. Instead of a study's
            it makes a study of its own, and needs a target.
        metric_direction: Which way a metric of one's own gets better: ``maximize`` or
            ``minimize``.
        test_split: Share of arrays to set aside as test examples where none are given; default: a
            tenth.
        space_options: More arguments of a function, or of a HyperModel's class.
        in_process: Whether to train one trial after another in this very process, so that
            ``print``, ``breakpoint()`` and tracebacks of a function work as always.
        artifacts: Where models and the dashboard's pictures are kept as well: a folder that every
            machine sees, or ``s3://BUCKET/PREFIX``. The study remembers it.
        log: ``tensorboard``, or ``mlflow`` with ``:URI`` behind it; several as a list.
        watcher: Is told what happens; default: a live view in a notebook and on a terminal, else a
            line for each event.

    Raises:
        TunerError: Anything that the caller can mend; see `tuner.errors`.
    """
    from tuner.data.sources import held
    from tuner.launchers import launcher_for
    from tuner.sessions import cells
    from tuner.sessions.plan import forget, plan
    from tuner.sessions.session import Session
    from tuner.sessions.wish import Wish
    from tuner.storages.opening import let_go

    launcher = launcher_for(workers, on, in_process=in_process)
    measured = cells.metric_name(metric, metric_direction)
    folder = local_path(results, "results")
    own = cells.Goal(
        target, horizon, name, measured, metric_direction, margin, minimize, prove, space_options
    )
    chosen, sources, own_goal = cells.wished(study, data, own, test_split, relabel=relabel)
    wish = Wish(
        study=chosen,
        data=sources,
        trials=trials,
        more=more,
        seed=seed,
        storage=storage,
        results=folder,
        metric=None if own_goal else measured,
        metric_direction=None if own_goal else metric_direction,
        target=None if own_goal else target,
        margin=None if own_goal else margin,
        minimize=None if own_goal else minimize,
        warm_start=warm_start,
        workers=workers,
        on=on,
        timeout=timeout,
        relabel=relabel,
        accept_duplicates=accept_duplicates,
        name=name,
        sampler=sampler,
        pruner=pruner,
        reference=reference,
        prove=prove,
        artifacts=None if artifacts is None else str(artifacts),
    )
    launcher.require()
    with watching(watcher, in_process=in_process, log=log, storage=storage, results=folder) as told:
        try:
            planned = plan(wish, told, apart=launcher.apart)
        finally:
            held.release()  # the cache has them
        try:
            return Session(planned, told, workers, launcher=launcher).run()
        except SpaceError:
            forget(planned)
            raise
        finally:
            let_go()


def certify(
    study: str,
    *,
    build_model: Any = None,
    metric: Callable[..., Any] | None = None,
    trial: int | None = None,
    prove: Prove = DEFAULT,
    seeds: int = SEEDS,
    data: str | None = None,
    storage: str | None = None,
    results: str | Path = RESULTS,
    workers: int | Literal["auto"] = "auto",
    on: str | None = None,
    accept_duplicates: bool = False,
    watcher: Watcher | None = None,
) -> CertificateResult:
    """Proves that the smallest model that met a search's target meets it.

    Where its model is refuted, the next smallest is tried.

    Args:
        study: Name of a study with results, as for `load_study`.
        build_model: The function that a notebook's study was made with, where this process has not
            searched with it.
        metric: The function that it measures, where it has one, likewise.
        trial: Number of the trial instead.
        prove: ``model``: of its very file, that it meets the target on the test images. ``recipe``:
            of its configuration, trained anew with fresh seeds. ``both``: the one, then the other.
        seeds: The most trainings for a recipe, at least 3; more than it has had are added to them.
        data: Where the study's images are now; default: where they were.
        storage: URL of the storage; default: the SQLite file in `results`.
        results: The results folder.
        workers: Worker processes; ``auto`` chooses from cores or GPUs; 0: none of its own, those
            that ``tuner worker`` starts do the work.
        on: Where workers run: None or ``processes`` for this machine, ``ray`` for the Ray cluster
            that ``RAY_ADDRESS`` names or one of this machine's own, ``ray://HOST:10001`` for one.
        accept_duplicates: As in `search`.
        watcher: Is told what happens; default: as in `search`.

    Raises:
        TunerError: Anything that the caller can mend; see `tuner.errors`.
    """
    from tuner.launchers import launcher_for
    from tuner.sessions.plan import plan_again
    from tuner.sessions.session import Session
    from tuner.storages.opening import let_go

    if seeds < FEWEST:
        raise UsageError(f"seeds must be at least {FEWEST} but got {seeds}.")
    folder = local_path(results, "results")
    launcher = launcher_for(workers, on)
    with watching(watcher, storage=storage, results=folder) as told:
        planned = plan_again(
            study,
            storage,
            folder,
            data,
            told,
            accept_duplicates=accept_duplicates,
            functions={"space": build_model, "metric": metric},
        )
        session = Session(planned, told, workers, prove=prove, seeds=seeds, launcher=launcher)
        try:
            return session.certify(trial)
        finally:
            let_go()
