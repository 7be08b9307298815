"""A study and what is true of its trials together, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna

from tuner.basics.secrets import masked_text
from tuner.data.kinds import stored_kind
from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.objectives.proof import Prove
from tuner.objectives.quantities import DEFAULT_QUANTITY, QUANTITIES, Quantity
from tuner.objectives.target import Target
from tuner.records.certificates import Certificate, certificates, machine
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.model_certificates import ModelCertificate, model_certificates
from tuner.records.objectives import metric_in, yardstick_of
from tuner.records.proofs import prove_of, proven, refuted
from tuner.records.questions import question_of, title_of, titles_of
from tuner.records.trials import TrialRecord, smallest


@dataclass(frozen=True)
class StudyRecord:
    """A study and its trials, typed."""

    name: str
    study: Mapping[str, Any]
    """The study file as it was validated (see `tuner.specs.files`)."""
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
        metric, known = metric_in(a.get(StudyKey.STUDY, {})), yardstick_of(a)
        unit = 1.0 if known is None else known.unit
        return cls(
            name=study.study_name,
            study=a.get(StudyKey.STUDY, {}),
            data=data,
            margin=a.get(StudyKey.MARGIN, 0.0),
            trials=tuple(TrialRecord.of(t, names, metric, unit) for t in trials),
            attributes=a,
        )

    @property
    def kind(self) -> str:
        """``search`` or ``sweep``."""
        return str(self.study.get("kind", "search"))

    @property
    def question(self) -> str:
        """What the study asks, of the data that it was asked of; empty where it does not say."""
        text = str(self.study.get("question", ""))
        if self.stand_in is not None:  # stored by 0.1.0, which named the data that was asked for
            text = text.replace(title_of("cifar10"), titles_of(self.dataset_names))
        return question_of(text, self.dataset_names, self.target, self.horizon, self.metric)

    @property
    def by_constant(self) -> float | None:
        """What a model has that has learnt nothing: of accuracy the share of the largest class.

        None where several data sets, or a version before, do not say.
        """
        if self.metric is not DEFAULT_METRIC:
            known = yardstick_of(self.attributes)
            return None if known is None else known.constant
        found = [d.get("largest_share") for d in self.data.values()]
        return found[0] if len(found) == 1 else None

    def space_arguments(self, dataset: str | None = None) -> dict[str, Any]:
        """What `tuner.spaces.loading.load_space` takes for a data set; None: for the first."""
        stored = self.data[dataset or next(iter(self.data))]
        return {
            "spec": self.study["space"],
            "input_shape": stored.get("example_shape", stored.get("image_shape")),
            "num_classes": stored.get("outputs", len(stored["classes"])),
            "task": stored.get("task", "classification"),
            "input_dtype": stored.get("dtype", "uint8"),
            "train_size": stored["train_size"],
            "horizon": self.horizon,
            "options": dict(self.study.get("space_options", {})),
        }

    @property
    def notices(self) -> tuple[str, ...]:
        """Lines about the search space that a user should read."""
        return tuple(self.attributes.get(StudyKey.NOTICES, ()))

    @property
    def target(self) -> float | None:
        """The value of the metric to reach; None in a sweep."""
        return self.study.get("target")

    @property
    def objective(self) -> Target | None:
        """What has to be reached, margin included; None in a sweep."""
        return None if self.target is None else self.with_target(self.target)

    def with_target(self, value: float) -> Target:
        """What would have to be reached for this target, with the study's margin."""
        known = yardstick_of(self.attributes)
        return Target(value, self.margin, self.metric, 1.0 if known is None else known.unit)

    @property
    def classes(self) -> bool:
        """Whether answers are classes."""
        return any(d.get("task", "classification") == "classification" for d in self.data.values())

    @property
    def metric(self) -> Metric:
        """What it measures."""
        return metric_in(self.study)

    @property
    def examples(self) -> str:
        """What an example of its data is, in words, several of them: ``images``."""
        kinds = (stored_kind(d) for d in self.data.values())
        return next((kind.plural for kind in kinds if kind is not None), "images")

    @property
    def example(self) -> str:
        """What an example of its data is, in words."""
        return self.examples.removesuffix("s")

    @property
    def minimize(self) -> str:
        """The name of what the study minimises."""
        return str(self.study.get("minimize", DEFAULT_QUANTITY.name))

    @property
    def quantity(self) -> Quantity:
        """What the study minimises."""
        return QUANTITIES[self.minimize]

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
        theirs, ours = (t.amount(self.minimize) for t in (reference, trial))
        return theirs / ours if theirs and ours else None

    @property
    def warm_start(self) -> tuple[str, int] | None:
        """The study whose trials this one began with, and how many they were."""
        began = self.attributes.get(StudyKey.WARM_START)
        return None if began is None else (str(began["study"]), len(began["trials"]))

    @property
    def created_by(self) -> str | None:
        """The command that made it, without the password that version 0.1 has left in it."""
        made = self.attributes.get(StudyKey.CREATED_BY)
        return masked_text(str(made)) if made else None

    @property
    def machine(self) -> str | None:
        """What it was begun on, in words; where that is not stored, what proved its results."""
        if about := self.attributes.get(StudyKey.MACHINE):
            return machine(about)
        # In older storages a worker, which proves models, told of its own processors only.
        proofs = [*self.certificates.values(), *self.model_certificates.values()]
        return proofs[0].machine if proofs else None

    @property
    def reference(self) -> TrialRecord | None:
        """The trained trial of the reference model."""
        return next((t for t in self.trials if t.reference and t.outcome is not None), None)

    @property
    def prove(self) -> Prove:
        """What is to be proven of what it finds."""
        return prove_of(self.attributes)

    def artifact_of(self, model_file: str | None) -> str | None:
        """Where a model lies in the search's artifact store; None where it does not.

        Args:
            model_file: Its name in the results folder.
        """
        store = self.attributes.get(StudyKey.ARTIFACTS)
        sent = self.attributes.get(f"{StudyKey.FILE}{model_file}")
        if store is None or sent is None or "stored" not in sent:
            return None
        return f"{store['address']}/{sent['stored']}"

    @property
    def model_certificates(self) -> dict[int, ModelCertificate]:
        """Of models, by trial number, certified and refuted ones."""
        return model_certificates(self.attributes)

    @property
    def model_certificate(self) -> ModelCertificate | None:
        """The incumbent's model's, where it has one."""
        best = self.incumbent
        return None if best is None else self.model_certificates.get(best.number)

    @property
    def proven_model(self) -> TrialRecord | None:
        """The smallest that is proven; the incumbent may be one that is not yet."""
        held = proven(self.attributes)
        return smallest(t for t in self.trials if t.number in held)

    @property
    def proven_bound(self) -> float | None:
        """What the incumbent has at least, by the proof that decides whether it stays that."""
        if self.prove == "recipe":
            recipe = self.certificate
            return recipe.at_least() if recipe is not None and recipe.certified else None
        model = self.model_certificate
        return model.at_least() if model is not None and model.certified else None

    @property
    def proof_epochs(self) -> int:
        """Epochs trained for proofs, beside those of the search."""
        models = sum(c.trained for c in self.model_certificates.values())
        return models + sum(c.epochs * len(c.measured) for c in self.certificates.values())

    @property
    def expected_gain(self) -> float | None:
        """By what share the next trial is expected to make the model smaller; None: not known."""
        found = self.attributes.get(StudyKey.OUTLOOK)
        return None if found is None else float(found["gain"])

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
    def certified_model(self) -> tuple[TrialRecord, Certificate] | None:
        """The smallest model that is certified; the incumbent may be a smaller one that is not."""
        held = {n: c for n, c in self.certificates.items() if c.certified}
        best = smallest(t for t in self.trials if t.number in held)
        return None if best is None else (best, held[best.number])

    @property
    def refuted(self) -> frozenset[int]:
        """Numbers of the trials that met the target by luck, as their certificates found."""
        return refuted(self.attributes)

    def refuted_beside(self, trial: TrialRecord) -> dict[str, int]:
        """How many refuted models are smaller than a trial's, equally large, and larger."""
        found = {"smaller": 0, "equally large": 0, "larger": 0}
        own = trial.amount(self.minimize)
        for other in self.trials:
            theirs = other.amount(self.minimize)
            if other.number in self.refuted and own is not None and theirs is not None:
                how = "smaller" if theirs < own else "larger" if theirs > own else "equally large"
                found[how] += 1
        return found

    @property
    def incumbent(self) -> TrialRecord | None:
        """The smallest model so far that met the target and that no certificate has refuted."""
        wrong = self.refuted
        return smallest(t for t in self.trials if t.number not in wrong)

    @property
    def closest(self) -> TrialRecord | None:
        """The trained trial that came furthest on the validation examples."""
        seen = {t.number: t.val_measured for t in self.trained if t.val_measured is not None}
        best = self.metric.best_of(seen.values())
        return next((t for t in self.trained if seen.get(t.number) == best), None)

    @property
    def epochs_spent(self) -> int:
        """Epochs trained in all, those of lost trainings included."""
        return sum(t.epochs - t.taken_over for t in self.trials)

    @property
    def epochs_kept(self) -> int:
        """Epochs of a sweep's grid that need not be trained again: of ended and running trials."""
        over = [t for t in self.trials if t.outcome is not None and t.cell is not None]
        running = [t for t in self.trials if t.outcome is None and t.lost is None and t.history]
        return self.horizon * len(over) + sum(t.epochs for t in running)

    @property
    def epochs_saved(self) -> int:
        """Epochs that trained trials did not use of their horizon."""
        return sum(self.horizon - t.epochs for t in self.trained)

    @property
    def gated(self) -> int:
        """How many configurations the size gate turned away untrained."""
        return sum(t.outcome == "gated" for t in self.trials)
