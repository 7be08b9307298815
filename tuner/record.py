"""Names and types of everything stored on a study or a trial.

The seam between the search, which writes, and whoever reads: the command line, notebooks, reports.
Imports Optuna only.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import optuna
from optuna.trial import FrozenTrial, TrialState

SCHEMA = 1
"""Version of what this module describes; stored with every study."""

Outcome = Literal["reached", "missed", "pruned", "diverged", "out_of_memory", "failed", "gated"]
"""Why a trial ended. ``gated``: its size is not below the incumbent's, it was never trained."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
TRAINED: frozenset[Outcome] = frozenset({"reached", "missed", "pruned", "diverged"})
"""Outcomes that count towards ``--trials``."""

SHORTFALL = "shortfall"
"""The constraint: target + margin - validation accuracy; at most 0 when the target is met."""
GATE = "gate"
"""The constraint of a gated trial: log(size / incumbent's size) + a little, above 0."""


class StudyKey:
    """Names of the user attributes of a study."""

    SCHEMA = "schema"
    STUDY = "study"  # the validated study file as a dict
    DATA = "data"  # for each data set's key: name, source, hash, classes, image_shape, sizes
    SPACE_HASH = "space_hash"
    MARGIN = "margin"
    SEED = "seed"
    VERSIONS = "versions"
    CREATED_BY = "created_by"  # the command line that made it
    WARM_START = "warm_start"  # study: whose trials it began with; trials: their numbers
    CERTIFIES = "certifies"  # in a study of certificate trainings: the study whose winners they are
    CERTIFICATE = "certificate:"  # and a trial's number: a `Certificate` as a dict


class TrialKey:
    """Names of the user attributes of a trial."""

    OUTCOME = "outcome"
    VALUES = "values"  # every active hyperparameter by its keras-tuner name
    SIZE = "size"  # trainable parameters
    TOTAL_SIZE = "total_size"  # all parameters
    MACS = "macs"  # multiply-accumulates of one image
    BYTES = "bytes"  # of the weights in float32
    VALUE = "value"  # what the study minimises, known before any training
    HISTORY = "history"  # one dict an epoch: epoch, loss, accuracy, val_loss, val_accuracy, seconds
    AUDIT = "audit"  # whether the pruner would have stopped it and did not, to learn if it may
    PROJECTED = "projected"  # [mean, sd] of the final shortfall of a stopped training
    STOP = "stop"  # why a training was stopped, one sentence
    SECONDS = "seconds"  # building and training
    SEED = "seed"
    DATA_HASH = "data_hash"
    DATA = "dataset"  # which of the study's data sets, in a sweep over several
    CELL = "cell"  # in a sweep: the varied hyperparameters
    VERSIONS = "versions"
    REFERENCE = "reference"
    MODEL_FILE = "model_file"
    CONFUSION = "confusion"  # images by true (row) and predicted (column) class; what of: see there
    TEST_ACCURACY = "test_accuracy"  # measured once at the end; sweeps and certificates only
    TEST_LOSS = "test_loss"
    EPOCHS = "epochs"  # in a certificate: how many to train
    ERROR = "error"
    WORKER = "worker"  # host, pid, started: who trains it
    HEARTBEAT = "heartbeat"  # seconds since 1970, renewed while it trains
    RETRY_OF = "retry_of"  # number of the trial whose worker died
    LOST = "lost"  # why a trial ended without an outcome: its worker died or was stopped
    CRASHES = "crashes"  # how many workers died alone while training this configuration


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave; accuracies are fractions, NaN where nothing was validated."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


@dataclass(frozen=True)
class TrialRecord:
    """A trial, typed. Numbers are None until they are known."""

    number: int
    state: TrialState
    outcome: Outcome | None
    params: Mapping[str, Any]
    """By Optuna's names."""
    values: Mapping[str, Any]
    """By keras-tuner's names."""
    size: int | None
    total_size: int | None
    macs: int | None
    bytes: int | None
    value: float | None
    """What the study minimises."""
    shortfall: float | None
    """The constraint: at most 0 when the target is met."""
    history: tuple[Epoch, ...]
    seconds: float | None
    seed: int | None
    dataset: str | None
    """The data set that it was trained on, a stand-in under its own name."""
    cell: Mapping[str, Any] | None
    reference: bool
    model_file: str | None
    confusion: tuple[tuple[int, ...], ...] | None
    """Images by true (row) and predicted (column) class after the last epoch: of the validation
    images in a search, of the test images in a sweep or a certificate."""
    test_accuracy: float | None
    """After the last epoch; sweeps and certificates only: a search does not read test images."""
    stop: str | None
    error: str | None
    retry_of: int | None
    lost: str | None
    started: datetime.datetime | None
    ended: datetime.datetime | None
    attributes: Mapping[str, Any] = field(repr=False)
    """Every user attribute as stored."""

    @property
    def data_key(self) -> str | None:
        """What the study calls its data set: a key of `StudyRecord.data`."""
        return self.attributes.get(TrialKey.DATA)

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return self.history[-1].epoch if self.history else 0

    @property
    def val_accuracy(self) -> float | None:
        """The best validation accuracy of any epoch, a fraction."""
        seen = [e.val_accuracy for e in self.history if math.isfinite(e.val_accuracy)]
        return max(seen, default=None)

    @property
    def trained(self) -> bool:
        """Whether it counts towards ``--trials``."""
        return self.outcome in TRAINED

    @property
    def reached(self) -> bool:
        """Whether it met the target."""
        return self.outcome == "reached"

    @classmethod
    def of(cls, trial: FrozenTrial, datasets: Mapping[str, str] | None = None) -> TrialRecord:
        """Reads a trial; what it lacks is None.

        Args:
            trial: As Optuna has it.
            datasets: Names of the data sets that stand behind those the study asks for.
        """
        a = trial.user_attrs
        asked = a.get(TrialKey.DATA)
        outcome = a.get(TrialKey.OUTCOME)
        return cls(
            number=trial.number,
            state=trial.state,
            outcome=outcome if outcome in OUTCOMES else None,
            params=trial.params,
            values=a.get(TrialKey.VALUES, {}),
            size=a.get(TrialKey.SIZE),
            total_size=a.get(TrialKey.TOTAL_SIZE),
            macs=a.get(TrialKey.MACS),
            bytes=a.get(TrialKey.BYTES),
            value=trial.value if trial.state == TrialState.COMPLETE else None,
            shortfall=trial.constraints.get(SHORTFALL),
            history=tuple(_epoch(e) for e in a.get(TrialKey.HISTORY, ())),
            seconds=a.get(TrialKey.SECONDS),
            seed=a.get(TrialKey.SEED),
            dataset=asked if datasets is None else datasets.get(str(asked), asked),
            cell=a.get(TrialKey.CELL),
            reference=bool(a.get(TrialKey.REFERENCE)),
            model_file=a.get(TrialKey.MODEL_FILE),
            confusion=_matrix(a.get(TrialKey.CONFUSION)),
            test_accuracy=a.get(TrialKey.TEST_ACCURACY),
            stop=a.get(TrialKey.STOP),
            error=a.get(TrialKey.ERROR),
            retry_of=a.get(TrialKey.RETRY_OF),
            lost=a.get(TrialKey.LOST),
            started=trial.datetime_start,
            ended=trial.datetime_complete,
            attributes=a,
        )


Verdict = Literal["certified", "refuted"]


@dataclass(frozen=True)
class Certificate:
    """Whether a configuration, trained from scratch with fresh seeds, meets the target.

    Each training sees training and validation images together, for somewhat more epochs
    than the trial used (`tuner.certify.length`), and is then tested once on the test images.
    Certified: the one-sided lower confidence bound of the mean test accuracy (Student's t) is at
    or above the target.
    """

    trial: int
    """Number of the trial whose configuration was trained."""
    verdict: Verdict
    target: float
    level: float
    """Confidence level of the bound, 0.95."""
    planned: int
    """How many seeds a certificate takes; fewer were trained where it clearly failed."""
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    """On the test images, one a seed, fractions."""
    mean: float
    bound: float | None
    """The one-sided lower bound; None where fewer than two seeds were trained."""
    epochs: int
    size: int
    test_size: int
    train_size: int
    """Images of each training, validation images included."""
    data_hash: str
    versions: Mapping[str, str]
    hardware: Mapping[str, Any]
    seconds: float
    """Of all trainings together."""
    confusion: tuple[tuple[int, ...], ...] | None
    """Test images by true (row) and predicted (column) class, summed over the seeds."""
    model_files: tuple[str, ...]
    """One a seed, in the study's results folder."""
    created: str
    """ISO 8601, UTC."""

    @property
    def certified(self) -> bool:
        """Whether the target is met with confidence."""
        return self.verdict == "certified"

    @property
    def machine(self) -> str:
        """``AMD EPYC, 2 cores, 25 GB``, and how many GPUs where there are any."""
        about = self.hardware
        parts = [str(about.get("processor") or "an unknown processor")]
        if cores := about.get("cores"):
            parts.append("1 core" if cores == 1 else f"{cores} cores")
        if memory := about.get("memory"):
            parts.append(f"{memory / 1e9:.0f} GB")
        if gpus := about.get("gpus"):
            parts.append("1 GPU" if gpus == 1 else f"{gpus} GPUs")
        return ", ".join(parts)

    def at_least(self, digits: int = 1) -> float | None:
        """The bound, rounded down to so many digits of a percentage.

        So that one just below the target is not shown as the target.
        """
        if self.bound is None:
            return None
        scale = 100 * 10.0**digits
        return math.floor(self.bound * scale + 1e-9) / scale

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Certificate:
        """Reads what a study stores."""
        known = {name: fields.get(name) for name in cls.__dataclass_fields__}
        for name in ("seeds", "accuracies", "model_files"):
            known[name] = tuple(known[name] or ())
        known["confusion"] = _matrix(known["confusion"])
        return cls(**known)  # type: ignore[arg-type]


@dataclass(frozen=True)
class StudyRecord:
    """A study and its trials, typed."""

    name: str
    study: Mapping[str, Any]
    """The study file as it was validated (see `tuner.study`)."""
    data: Mapping[str, Mapping[str, Any]]
    """For each data set that the study names: name, source, hash, classes, sizes."""
    margin: float
    trials: tuple[TrialRecord, ...]
    attributes: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, study: optuna.Study) -> StudyRecord:
        """Reads a study that the tool made."""
        a = study.user_attrs
        trials = study.get_trials(deepcopy=False)
        data = a.get(StudyKey.DATA, {})
        names = {key: str(d.get("name", key)) for key, d in data.items()}
        if len(set(names.values())) < len(names):  # two folders of the same name
            names = {}
        return cls(
            name=study.study_name,
            study=a.get(StudyKey.STUDY, {}),
            data=data,
            margin=a.get(StudyKey.MARGIN, 0.0),
            trials=tuple(TrialRecord.of(t, names) for t in trials),
            attributes=a,
        )

    @property
    def kind(self) -> str:
        """``search`` or ``sweep``."""
        return str(self.study.get("kind", "search"))

    @property
    def target(self) -> float | None:
        """The accuracy to reach, a fraction; None in a sweep."""
        return self.study.get("target")

    @property
    def minimize(self) -> str:
        """``size``, ``macs`` or ``bytes``."""
        return str(self.study.get("minimize", "size"))

    @property
    def horizon(self) -> int:
        """The most epochs one training may use."""
        return int(self.study.get("horizon", 25))

    @property
    def trained(self) -> tuple[TrialRecord, ...]:
        """The trials that count towards ``--trials``."""
        return tuple(t for t in self.trials if t.trained)

    @property
    def done(self) -> int:
        """How many trials count towards the goal: of a sweep's grid all that have ended."""
        if self.kind == "sweep":
            return sum(t.outcome is not None and t.cell is not None for t in self.trials)
        return len(self.trained)

    @property
    def audited(self) -> tuple[TrialRecord, ...]:
        """The trained trials that the pruner would have stopped, and did not to audit it."""
        return tuple(t for t in self.trained if t.attributes.get(TrialKey.AUDIT))

    @property
    def dataset_names(self) -> list[str]:
        """Names of the data sets that the results come from."""
        return [str(d.get("name", key)) for key, d in self.data.items()]

    @property
    def stand_in(self) -> str | None:
        """``shapes10, not cifar10`` where the data is not what the study file names."""
        asked = self.study.get("data", [])
        wanted = [asked] if isinstance(asked, str) else [str(a) for a in asked]
        if "shapes10" in self.dataset_names and "shapes10" not in wanted and wanted:
            return f"shapes10, not {' and '.join(wanted)}"
        return None

    def times_smaller(self, trial: TrialRecord) -> float | None:
        """How many times smaller than the reference a trial is, in what the study minimises."""
        reference = self.reference
        if reference is None or reference.number == trial.number:
            return None
        theirs, ours = getattr(reference, self.minimize), getattr(trial, self.minimize)
        return theirs / ours if theirs and ours else None

    @property
    def warm_start(self) -> tuple[str, int] | None:
        """The study whose trials this one began with, and how many they were."""
        began = self.attributes.get(StudyKey.WARM_START)
        return None if began is None else (str(began["study"]), len(began["trials"]))

    @property
    def reference(self) -> TrialRecord | None:
        """The trained trial of the reference model."""
        return next((t for t in self.trials if t.reference and t.outcome is not None), None)

    @property
    def certificates(self) -> dict[int, Certificate]:
        """By trial number, certified and refuted ones."""
        return certificates(self.attributes)

    @property
    def certificate(self) -> Certificate | None:
        """The incumbent's, where it has one."""
        best = self.incumbent
        return None if best is None else self.certificates.get(best.number)

    @property
    def proven(self) -> tuple[TrialRecord, Certificate] | None:
        """The smallest model that is certified; the incumbent may be a smaller one that is not."""
        held = {n: c for n, c in self.certificates.items() if c.certified}
        best = smallest(t for t in self.trials if t.number in held)
        return None if best is None else (best, held[best.number])

    @property
    def refuted(self) -> frozenset[int]:
        """Numbers of the trials that met the target by luck, as their certificates found."""
        return refuted(self.attributes)

    @property
    def incumbent(self) -> TrialRecord | None:
        """The smallest model so far that met the target and that no certificate has refuted."""
        wrong = self.refuted
        return smallest(t for t in self.trials if t.number not in wrong)

    @property
    def closest(self) -> TrialRecord | None:
        """The trained trial with the highest validation accuracy."""
        seen = [t for t in self.trained if t.val_accuracy is not None]
        return max(seen, key=lambda t: t.val_accuracy or 0.0, default=None)

    @property
    def epochs_spent(self) -> int:
        """Epochs trained in all, those of lost trainings included."""
        return sum(t.epochs for t in self.trials)

    @property
    def epochs_saved(self) -> int:
        """Epochs that trained trials did not use of their horizon."""
        return sum(self.horizon - t.epochs for t in self.trained)

    @property
    def gated(self) -> int:
        """How many configurations the size gate turned away untrained."""
        return sum(t.outcome == "gated" for t in self.trials)


def smallest(trials: Iterable[TrialRecord]) -> TrialRecord | None:
    """The trial with the smallest value among those that met the target; ties: the earliest."""
    met = [t for t in trials if t.reached and t.value is not None]
    return min(met, key=lambda t: (t.value, t.number), default=None)


def certificates(attributes: Mapping[str, Any]) -> dict[int, Certificate]:
    """The certificates among a study's user attributes, by trial number."""
    prefix = StudyKey.CERTIFICATE
    found = {
        int(key.removeprefix(prefix)): Certificate.of(fields)
        for key, fields in attributes.items()
        if key.startswith(prefix)
    }
    return dict(sorted(found.items()))


def refuted(attributes: Mapping[str, Any]) -> frozenset[int]:
    """Numbers of the trials that a certificate refuted, from a study's user attributes."""
    return frozenset(n for n, c in certificates(attributes).items() if not c.certified)


def refuted_shortfalls(attributes: Mapping[str, Any]) -> dict[int, float]:
    """By trial number, how far the mean of a refuted trial's fresh trainings is from certified.

    Margin included, as in a trial's own shortfall, and above 0.
    """
    margin = float(attributes.get(StudyKey.MARGIN, 0.0))
    return {
        number: max(found.target + margin - found.mean, 1e-6)
        for number, found in certificates(attributes).items()
        if not found.certified
    }


def _epoch(fields: Mapping[str, Any]) -> Epoch:
    read: dict[str, Any] = {k: math.nan if v is None else v for k, v in fields.items()}
    return Epoch(**read)


def _matrix(rows: Any) -> tuple[tuple[int, ...], ...] | None:
    return None if rows is None else tuple(tuple(int(n) for n in row) for row in rows)
