"""The queue of models to be proven, and the ledger of looks at the test examples.

Each proof is a trial of a study of its own, claimed, lost and trained again as all trials are. One
follows another: what a look may spend depends on what came of those before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.basics.optuna_private import stored
from tuner.certificates.companions import companion, has_companion
from tuner.certificates.looks import level_of_next
from tuner.records.epochs import stored_epochs
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.model_certificates import model_certificates
from tuner.storages import claims

SUFFIX = "/models"
"""Behind a study's name: the study of the proofs of its models."""


class ModelProofs:
    """The proofs of the models of one search.

    Args:
        main: The search.

    Attributes:
        study: The study whose trials are the proofs.
    """

    def __init__(self, main: optuna.Study) -> None:
        self.main = main
        self.study = companion(main, SUFFIX, "model")

    @classmethod
    def begun(cls, main: optuna.Study) -> ModelProofs | None:
        """Those of a search of which any has been queued; None, and nothing is made, before."""
        return cls(main) if has_companion(main, SUFFIX) else None

    def queue(self, trial: FrozenTrial) -> None:
        """Queues the proof of a trial's model, unless it has been queued.

        Args:
            trial: Of the search; it has met the target.
        """
        attributes = {
            TrialKey.CELL: {"trial": trial.number},
            TrialKey.SEED: trial.user_attrs[TrialKey.SEED],
            TrialKey.EPOCHS: len(stored_epochs(trial.user_attrs)),
            **claims.expected_cost(trial.user_attrs, self.main.user_attrs),
        }
        known = {claims.identity(t) for t in self.trials()}
        dataset = next(iter(self.main.user_attrs[StudyKey.DATA]))
        if not claims.is_queued(attributes, dataset, known):
            self.study.enqueue_trial(dict(trial.params), user_attrs=attributes)

    def trials(self) -> Sequence[FrozenTrial]:
        """All proofs, queued, under way and done, those that were lost among them."""
        return self.study.get_trials(deepcopy=False)

    def is_open(self) -> bool:
        """Whether a proof is queued or under way."""
        return any(t.state == TrialState.WAITING or claims.is_running(t) for t in self.trials())

    def running(self) -> FrozenTrial | None:
        """The proof under way."""
        return next((t for t in self.trials() if claims.is_running(t)), None)

    def failed(self) -> frozenset[int]:
        """Numbers of the search's trials whose proof could not be made at all."""
        return frozenset(
            int(t.user_attrs[TrialKey.CELL]["trial"])
            for t in self.trials()
            if t.user_attrs.get(TrialKey.OUTCOME) in ("failed", "out_of_memory")
        )

    def begin_look(self, trial: optuna.Trial) -> tuple[float, list[bool]]:
        """Takes the next look at the test examples; to be called before any of them is read.

        A proof whose worker died behind this goes on with the look that it had taken.

        Args:
            trial: The proof, under way.

        Returns:
            The confidence level of its bound, and for each earlier look whether it proved its
            model.
        """
        look = stored(self.study, trial).user_attrs.get(TrialKey.LOOK)
        while look is None:
            taken = self._looks()
            look = max(taken, default=0) + 1
            trial.set_user_attr(TrialKey.LOOK, look)
            # Another process may have taken the same in that moment: the lower number has it.
            if any(
                t.user_attrs.get(TrialKey.LOOK) == look and t.number < trial.number
                for t in self.trials()
            ):
                look = None
        looks = self._looks()
        earlier = [looks[number] for number in sorted(looks) if number < look]
        return level_of_next(earlier), earlier

    def _looks(self) -> dict[int, bool]:
        """By look whether it proved its model; one that came to no end did not."""
        held = {n: c.certified for n, c in model_certificates(self.main.user_attrs).items()}
        return {
            int(t.user_attrs[TrialKey.LOOK]): held.get(t.user_attrs[TrialKey.CELL]["trial"], False)
            for t in self.trials()
            if TrialKey.LOOK in t.user_attrs
        }
