"""The lab: what its questions still need, trained one study after the other.

Nothing is remembered beside the studies: what is complete is seen in the storage, so that the same
command goes on wherever it was stopped.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import optuna
from optuna.storages import BaseStorage

from analysis.lab.look import Look, look
from analysis.lab.programme import DATA_SETS, Part, Question, parts
from tuner.basics.environment import RESULTS
from tuner.data import DataSet, resolve
from tuner.data.kinds import ImageKind
from tuner.errors import DataUnavailableError, UsageError
from tuner.launchers import launcher_for
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord
from tuner.sessions.agreement import require_same
from tuner.sessions.places import open_places
from tuner.sessions.plan import STAND_IN, plan
from tuner.sessions.session import Session
from tuner.sessions.watcher import Watcher
from tuner.sessions.wish import Wish, full_name, goal
from tuner.specs.files import read_study
from tuner.specs.spec import Study
from tuner.storages.opening import chosen_url
from tuner.storages.patience import Patience


@dataclass(frozen=True)
class LabWish:
    """How the lab's studies are to be trained; as `tuner.sessions.wish.Wish`."""

    questions: tuple[Question, ...]
    data: tuple[str, ...] = ()
    storage: str | None = None
    results: Path = Path(RESULTS)
    workers: int | Literal["auto"] = "auto"
    timeout: float | None = None


def sources(given: Sequence[str]) -> dict[str, str]:
    """Where each of the lab's data sets comes from, by its name.

    Args:
        given: ``cifar10=SOURCE``, ``mnist=SOURCE``, a folder that holds folders of these names, or
            one source for CIFAR-10.

    Raises:
        UsageError: It is none of these, or one data set is given twice.
    """
    found: dict[str, str] = {}
    for text in given:
        for name, source in _sources_of(text).items():
            if name in found:
                raise UsageError(
                    f"--data gives {name} twice, {found[name]!r} and {source!r}; give it once."
                )
            found[name] = source
    return found


def _sources_of(text: str) -> dict[str, str]:
    name, separator, source = text.partition("=")
    if separator and name in DATA_SETS:
        if not source:
            raise UsageError(f"--data {text!r} names no source; write {name}=FOLDER.")
        return {name: source}
    inside = {n: str(Path(text) / n) for n in DATA_SETS if (Path(text) / n).is_dir()}
    return inside or {text if text in DATA_SETS else DATA_SETS[0]: text}


def find_data(questions: Sequence[Question], given: Mapping[str, str]) -> dict[str, DataSet]:
    """The data sets that questions are about, by the name that the lab gives each.

    CIFAR-10 is stood in for where it cannot be had and was not given, as in any search.

    Raises:
        DataError: One cannot be read.
        DataUnavailableError: One cannot be had.
    """
    found = {}
    for name in dict.fromkeys(name for question in questions for name in question.data):
        try:
            found[name] = _images(resolve(given.get(name, name)))
        except DataUnavailableError as error:
            if name in given:
                raise
            if name == DATA_SETS[0]:
                found[name] = resolve(STAND_IN)
                continue
            others = [q.name for q in questions if name not in q.data]
            told = f", or ask for others: tuner lab {' '.join(others)}" if others else ""
            raise DataUnavailableError(
                f"{error} The lab's questions 1 and 3 need it: give it with --data "
                f"{name}=FOLDER{told}."
            ) from error
    return found


def _images(data: DataSet) -> DataSet:
    """The same data set.

    Raises:
        UsageError: It has no images in classes, which is what the lab asks about.
    """
    if isinstance(data.kind, ImageKind) and data.task == "classification":
        return data
    raise UsageError(
        f"the lab is about images in classes, but {data.source!r} holds {data.kind.plural} of "
        f"{data.kind.described()}; give images, or make a study of your own: 'tuner search FILE'."
    )


class Lab:
    """The lab's studies in a storage.

    Args:
        wish: Which questions, where the studies are, and how to train them.
        patience: How long to wait for a storage that is away, and who is told.

    Attributes:
        parts: The studies that the questions need, in their order.
        data: The data sets, by the name that the lab gives each.

    Raises:
        TunerError: Something that would else be found out after hours: data that cannot be had, a
            storage that cannot be made, a stored study that is another by now.
    """

    def __init__(self, wish: LabWish, patience: Patience | None = None) -> None:
        self.wish = wish
        self.parts = parts(wish.questions)
        self._sources = sources(wish.data)
        self._deadline = None if wish.timeout is None else time.monotonic() + wish.timeout
        self.data = find_data(wish.questions, self._sources)
        url = chosen_url(wish.storage, wish.results.resolve())
        self._storage: BaseStorage = open_places(url, wish.results, patience or Patience())
        for part in self.parts:
            self._check(part)

    def name(self, part: Part) -> str:
        """What a part is called in the storage."""
        spec = read_study(part.study)
        return full_name(spec, self._wish(part), self._data(spec))

    def looks(self) -> dict[str, Look]:
        """What is to be seen of the data sets that question 1 is about; none where it is not."""
        asked = any(not question.needs for question in self.wish.questions)
        return {name: look(data) for name, data in self.data.items()} if asked else {}

    def missing(self) -> list[Part]:
        """The parts that are not complete."""
        return [part for part in self.parts if not self.is_complete(part)]

    def is_complete(self, part: Part) -> bool:
        """Whether a part has its trials, and what it found is proven or refuted."""
        record = self._record(part)
        if record is None:
            return False
        if record.done < goal(read_study(part.study), self._wish(part), record, len(record.data)):
            return False
        best = record.incumbent if record.target is not None else None
        if best is None or record.prove == "none":
            return True
        model = record.prove == "recipe" or best.number in record.model_certificates
        recipe = record.prove == "model" or best.number in record.certificates
        return model and recipe

    def train(self, part: Part, watcher: Watcher) -> bool:
        """Trains a part to its end.

        Returns:
            Whether it came there; false where it was interrupted, or the time was up.

        Raises:
            TunerError: Whatever of it cannot be done.
        """
        wish = self._wish(part)
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                return False
            wish = dataclasses.replace(wish, timeout=left)
        workers = self.wish.workers
        launcher = launcher_for(workers)
        session = Session(plan(wish, watcher), watcher, workers, launcher=launcher)
        session.run()
        return not session.stopped()

    def _wish(self, part: Part) -> Wish:
        named = read_study(part.study).datasets()
        return Wish(
            study=part.study,
            data=tuple(self._sources[name] for name in named if name in self._sources),
            trials=part.trials,
            more=None,
            seed=part.seed,
            storage=self.wish.storage,
            results=self.wish.results,
            target=None,
            margin=None,
            minimize=None,
            workers=self.wish.workers,
            prove=part.prove,
            name=part.name if part.seed else None,
        )

    def _data(self, spec: Study) -> dict[str, DataSet]:
        return {name: self.data[name] for name in spec.datasets()}

    def _record(self, part: Part) -> StudyRecord | None:
        name = self.name(part)
        if name not in optuna.get_all_study_names(self._storage):
            return None
        study = optuna.load_study(study_name=name, storage=self._storage)
        return StudyRecord.of(study) if StudyKey.SCHEMA in study.user_attrs else None

    def _check(self, part: Part) -> None:
        """Refuses a stored study that is another than the part by now."""
        if (record := self._record(part)) is not None:
            require_same(record.name, record.study, read_study(part.study))
