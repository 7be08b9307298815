"""What a worker does before its first trial: loads the space, checks and fills the study."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import optuna
from optuna.storages import BaseStorage

from tuner.basics.optuna_private import storage_of
from tuner.basics.seeds import derived_seed
from tuner.basics.versions import versions
from tuner.data import DataSet, open_again
from tuner.data.kinds import bytes_of
from tuner.errors import SpaceError, StudyChangedError
from tuner.objectives.metrics import OwnMetric
from tuner.pruners.registry import make_pruner
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.objectives import yardstick_of
from tuner.records.proofs import prove_of
from tuner.spaces import configurations
from tuner.spaces.exploration import Exploration, explore
from tuner.spaces.fits import has_own_fit
from tuner.spaces.loading import load_space
from tuner.spaces.source import source_hash
from tuner.spaces.unbuildable import unbuildable
from tuner.spaces.unused import unused
from tuner.specs.spec import Study, SweepStudy, from_dict
from tuner.storages import claims, shared_artifacts
from tuner.storages.sent_files import SentFiles
from tuner.training.settings import MEANINGS
from tuner.trials.work import Work
from tuner.workers.asker import Asker
from tuner.workers.looks import check_settings, prepare_fit
from tuner.workers.orders import WorkerOrders
from tuner.workers.room import memory_warning

HINTS = {
    **{
        name: f"ask for it in build(), where the training takes it for {meaning}"
        for name, meaning in MEANINGS.items()
    },
    "epochs": "the study's key 'horizon' says how many epochs there are at most",
}
"""What to do about hyperparameters of the training that a space does not have."""

PREPARED = "prepared"
"""Study attribute: the reference, or the whole grid, has been queued."""


def prepare(
    orders: WorkerOrders, storage: BaseStorage, stopping: Callable[[], bool]
) -> tuple[Work, Asker]:
    """Loads what the trials share and makes the study ready.

    Raises:
        SpaceError: The space cannot be imported or used.
        StudyChangedError: The space is not the one that the study's results come from.
    """
    study = optuna.load_study(
        study_name=orders.study_name,
        storage=storage,
        pruner=optuna.pruners.NopPruner(),
    )
    spec = from_dict(study.user_attrs[StudyKey.STUDY])
    study.pruner = pruner_of(orders, study, spec)
    data = {key: open_again(**reference) for key, reference in orders.data.items()}
    attributes = study.user_attrs
    certifying = StudyKey.CERTIFIES in attributes
    spaces = {key: load(spec, d, whole=certifying) for key, d in data.items()}
    found, lines = explored(spaces, data)
    _check_space(study, found.hash, spec)
    _check_source(study, spec)
    if not any(map(has_own_fit, spaces.values())):
        check_settings(found, data.values())
    work = Work(
        study=study,
        spec=spec,
        spaces=spaces,
        data=data,
        results=Path(orders.results),
        seed=orders.seed,
        versions={**versions(), "backend": keras.backend.backend()},
        stopping=stopping,
        proves="recipe" if certifying else None,
        keeps_checkpoints=not certifying and prove_of(attributes) != "none",
        files=_files(orders, study),
    )
    asker = Asker(work, orders, found)
    if not certifying:  # what certifies a trial is queued by whoever asks for it
        space = next(iter(spaces.values()))
        _await_filled(
            work, orders, lambda: [*unused(space, found.names), *lines, *_room(work, orders)]
        )
    return work, asker


def pruner_of(orders: WorkerOrders, study: optuna.Study, spec: Study) -> optuna.pruners.BasePruner:
    """The pruner that a worker is told to use, with the noise of the study's own metric."""
    known = yardstick_of(study.user_attrs)
    return make_pruner(
        orders.pruner,
        horizon=spec.horizon,
        seed=orders.seed,
        noise=None if known is None else known.error / known.unit,
    )


def _files(orders: WorkerOrders, study: optuna.Study) -> SentFiles:
    """Where models go that are trained far from whoever plans the search.

    Raises:
        ArtifactError: This machine does not see the store that the search writes to.
    """
    name = study.user_attrs.get(StudyKey.CERTIFIES, study.study_name)
    main = optuna.load_study(study_name=name, storage=storage_of(study))
    shared_artifacts.require(main, patient=True)
    return SentFiles(main, away=orders.sends_files, patient=True)


def _examples(data: DataSet) -> str:
    """What a space is given, in words."""
    return f"{data.kind.plural} of {data.kind.described()}"


@contextmanager
def _named(configuration: str, data: Iterable[DataSet]) -> Iterator[None]:
    """Says of a configuration that cannot be built which of the study's it is.

    Raises:
        SpaceError: It cannot.
    """
    try:
        yield
    except SpaceError as error:
        given = " or ".join(dict.fromkeys(_examples(d) for d in data))
        told = f" (given {given})" if isinstance(error.__cause__, ValueError) else ""
        said = str(error).rstrip(".") + told
        stop = "" if said.endswith("?") else "."
        raise SpaceError(f"the study's {configuration}: {said}{stop}") from error


def explored(spaces: dict[str, Any], data: dict[str, DataSet]) -> tuple[Exploration, list[str]]:
    """What the space holds, and lines about what of it cannot be built on the study's data.

    Raises:
        SpaceError: Nothing of it can, or it cannot be walked.
    """
    found: list[Exploration] = []
    lines = []
    for key, space in spaces.items():
        examples = _examples(data[key])
        if found and not found[0].complete:
            break  # it would be built once more for each data set
        try:
            found.append(explore(space))
        except SpaceError as error:
            if not isinstance(error.__cause__, ValueError):
                raise
            raise SpaceError(f"{str(error).rstrip('.')} (given {examples}).") from error
        lines.append(unbuildable(space, found[-1], examples))
    return found[0], [line for line in lines if line is not None]


def _room(work: Work, orders: WorkerOrders) -> list[str]:
    """A line where memory is short, for the data set of the largest examples."""
    key = max(work.data, key=lambda k: bytes_of(work.data[k].kind))
    warning = memory_warning(work.spec, work.spaces[key], work.data[key], orders.crew)
    return [] if warning is None else [warning]


def _await_filled(work: Work, orders: WorkerOrders, notices: Callable[[], list[str]]) -> None:
    """The first worker of a command fills the study; the others wait for that.

    One that was started elsewhere cannot know which is the first. Where several fill a study at
    once, what is queued twice is trained once, see `tuner.storages.claims`.
    """
    if orders.index == 0 or (orders.follows and not work.study.user_attrs.get(PREPARED)):
        work.study.set_user_attr(StudyKey.NOTICES, notices())
        _fill(work, orders)
        work.study.set_user_attr(PREPARED, True)
    while not work.study.user_attrs.get(PREPARED) and not work.stopping():
        time.sleep(0.2)


def load(spec: Study, data: DataSet, *, whole: bool = False) -> Any:
    """The study's hypermodel for one data set.

    Args:
        spec: The study.
        data: The data set.
        whole: Whether it is trained on training and validation examples together; never where the
            space trains by a `fit` of its own.
    """
    space = load_space(
        spec.space,
        input_shape=data.kind.shape,
        num_classes=data.num_outputs,
        task=data.task,
        input_dtype=data.kind.dtype,
        input_normalization=data.normalization,
        output_normalization=data.output_normalization,
        train_size=data.train_size + (data.validation_size if whole else 0),
        horizon=spec.horizon,
        options=dict(spec.space_options),
    )
    if whole and has_own_fit(space):
        return load(spec, data)
    prepare_fit(space, spec, data)
    return space


def _check_space(study: optuna.Study, found: str, spec: Study) -> None:
    stored = study.user_attrs.get(StudyKey.SPACE_HASH)
    if stored is None:
        study.set_user_attr(StudyKey.SPACE_HASH, found)
    elif stored != found:
        name = study.user_attrs.get(StudyKey.CERTIFIES, study.study_name)
        raise StudyChangedError(
            f"study {name!r}: its search space {spec.space!r} has changed since its "
            f"results were made (hash {stored[:12]}, now {found[:12]}); restore the space, "
            "or start anew with another study name or --results folder."
        )


def _check_source(study: optuna.Study, spec: Study) -> None:
    found = source_hash(spec.space)
    if isinstance(metric := spec.measured, OwnMetric):
        metric.load()
        found = f"{found} {source_hash(metric.name)}"
    stored = study.user_attrs.get(StudyKey.SOURCE_HASH)
    if found is None or stored == found:
        return
    # Nothing was compared yet, or nothing was trained with what has been mended since.
    certifying = StudyKey.CERTIFIES in study.user_attrs
    began = certifying or claims.trained(study.get_trials(deepcopy=False))
    if stored is None or not began:
        study.set_user_attr(StudyKey.SOURCE_HASH, found)
        return
    name = study.user_attrs.get(StudyKey.CERTIFIES, study.study_name)
    raise StudyChangedError(
        f"study {name!r}: the code of its search space {spec.space!r}, or of a module "
        f"beside it, has changed since its results were made (hash {stored[:12]}, now "
        f"{found[:12]}); restore it, or start anew with another study name or --results folder."
    )


def _fill(work: Work, orders: WorkerOrders) -> None:
    """Queues the reference and the space's defaults, or every cell of a sweep, once."""
    queued = {claims.identity(t) for t in work.study.get_trials(deepcopy=False)}
    if isinstance(work.spec, SweepStudy):
        _fill_sweep(work, work.spec, queued)
        return
    hypermodel = next(iter(work.spaces.values()))
    if work.spec.reference is not None and orders.reference and "reference" not in queued:
        with _named("[reference]", work.data.values()):
            params = configurations.encode(hypermodel, work.spec.reference, HINTS)
        work.study.enqueue_trial(params, user_attrs={TrialKey.REFERENCE: True})
    if not work.study.user_attrs.get(PREPARED):
        # The author's own guess comes next, whatever the sampler: it is worth many random ones.
        work.study.enqueue_trial(configurations.encode(hypermodel, {}))


def _fill_sweep(work: Work, spec: SweepStudy, queued: set[str | None]) -> None:
    for index in range(spec.seeds):
        for dataset, hypermodel in work.spaces.items():
            for cell in spec.cells():
                attributes = {
                    TrialKey.CELL: cell,
                    **({TrialKey.DATA: dataset} if len(work.spaces) > 1 else {}),
                    TrialKey.SEED: derived_seed(work.seed, index),
                }
                if not claims.is_queued(attributes, dataset, queued):
                    with _named(f"cell {cell}", [work.data[dataset]]):
                        params = configurations.encode(hypermodel, {**spec.base, **cell}, HINTS)
                    work.study.enqueue_trial(params, user_attrs=attributes)
