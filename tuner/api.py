"""`search`, `certify`, `export` and `load_study`: what the command line and notebooks call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tuner.basics.environment import RESULTS
from tuner.certificates import FEWEST, SEEDS
from tuner.errors import UsageError
from tuner.exports.export import export
from tuner.objectives.proof import DEFAULT, Prove
from tuner.pruners.registry import PRUNERS
from tuner.samplers.registry import SAMPLERS
from tuner.specs.spec import Minimize, Study
from tuner.storages.studies import load_study

__all__ = ["certify", "export", "load_study", "search"]

if TYPE_CHECKING:
    from tuner.sessions.result import CertificateResult, Result
    from tuner.sessions.watcher import Watcher


def search(
    study: str | Study,
    *,
    data: Sequence[str] | str | None = None,
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
    name: str | None = None,
    watcher: Watcher | None = None,
) -> Result:
    """Searches for the smallest model that meets a study's target, or trains a sweep's grid.

    Called again with the same arguments it goes on where it stopped, also after a crash.

    Args:
        study: Name of a built-in study, path of a study file, or a validated study.
        data: Where the images come from, instead of what the study names; in a sweep over several
            data sets one ``name=source`` for each.
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
        target: Accuracy to reach, a fraction, instead of the study's; makes a study of its own.
        margin: Margin for validation noise, a fraction, instead of the study's.
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
        name: What the study is called in the storage, instead of its own name: to repeat one
            beside the first, with another seed.
        watcher: Is told what happens; default: nobody.

    Raises:
        TunerError: Anything that the caller can mend; see `tuner.errors`.
    """
    from tuner.launchers import launcher_for
    from tuner.sessions.plan import plan
    from tuner.sessions.session import Session
    from tuner.sessions.watcher import Silent
    from tuner.sessions.wish import Wish

    wish = Wish(
        study=study,
        data=(data,) if isinstance(data, str) else tuple(data or ()),
        trials=trials,
        more=more,
        seed=seed,
        storage=storage,
        results=Path(results),
        target=target,
        margin=margin,
        minimize=minimize,
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
    )
    watcher = watcher or Silent()
    launcher = launcher_for(workers, on)
    return Session(plan(wish, watcher), watcher, workers, launcher=launcher).run()


def certify(
    study: str,
    *,
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
        watcher: Is told what happens; default: nobody.

    Raises:
        TunerError: Anything that the caller can mend; see `tuner.errors`.
    """
    from tuner.launchers import launcher_for
    from tuner.sessions.plan import plan_again
    from tuner.sessions.session import Session
    from tuner.sessions.watcher import Silent

    if seeds < FEWEST:
        raise UsageError(f"seeds must be at least {FEWEST} but got {seeds}.")
    watcher = watcher or Silent()
    planned = plan_again(
        study, storage, Path(results), data, watcher, accept_duplicates=accept_duplicates
    )
    session = Session(
        planned, watcher, workers, prove=prove, seeds=seeds, launcher=launcher_for(workers, on)
    )
    return session.certify(trial)
