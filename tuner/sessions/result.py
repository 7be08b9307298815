"""What came of a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tuner.errors import UsageError
from tuner.objectives.proof import Prove
from tuner.records.certificates import Certificate
from tuner.records.model_certificates import ModelCertificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import RunProgress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from tuner.sessions.pages import Page

Status = Literal["met", "not_met", "complete", "interrupted"]
"""How a search ended. ``complete``: a sweep has trained all of its grid."""


@dataclass(frozen=True, repr=False)
class Result:
    """What a search found: printed a short table, in a notebook with a figure.

    Example::

        result = search(build_model, data=(x_train, y_train, x_test, y_test), target=0.9)
        result.best.size         # trainable parameters of the smallest model
        result.hyperparameters   # {"units": 24, "learning_rate": 0.003}
        model = result.load()    # the Keras model
        result.trials()          # every trial, a row of a pandas frame
        result.plot()            # size against accuracy
    """

    status: Status
    record: StudyRecord
    run: RunProgress
    results: Path
    """The study's folder, with its ``.keras`` files."""
    resume: str
    """The command that goes on with it; empty where it is the cell of a notebook that does."""
    exhausted: bool = False
    """Whether it ended before it had its trials, because nothing was left that could be trained."""
    certifiable: bool = True
    """Whether its test images can prove anything: few of them were learned from."""

    @property
    def best(self) -> TrialRecord | None:
        """The smallest model that met the target."""
        return self.record.incumbent

    @property
    def reference(self) -> TrialRecord | None:
        """The reference model's trial, where it has ended."""
        return self.record.reference

    @property
    def certificate(self) -> Certificate | None:
        """Of the recipe of the best model, where it has one."""
        return self.record.certificate

    @property
    def model_certificate(self) -> ModelCertificate | None:
        """Of the best model itself, where it has one."""
        return self.record.model_certificate

    @property
    def model_file(self) -> Path | None:
        """The best model's ``.keras`` file."""
        best = self.best
        return self.results / best.model_file if best and best.model_file else None

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Those of the best model, by Keras Tuner's names; empty where there is none.

        Example::

            keras_model = build_model_by_hand(**result.hyperparameters)
        """
        return {} if self.best is None else dict(self.best.values)

    def load(self) -> Any:
        """The best model, as Keras reads it from its file.

        Example::

            model = result.load()
            model.evaluate(x_test, y_test)

        Raises:
            UsageError: Nothing has met the target, or its file is gone.
        """
        from tuner.spaces.custom_objects import load_model

        if self.best is None:
            raise UsageError(f"study {self.record.name!r}: no model has met the target yet.")
        file = self.model_file
        if file is None or not file.is_file():
            raise UsageError(f"study {self.record.name!r}: the model's file {file} is gone.")
        return load_model(file, str(self.record.study["space"]))

    def trials(self) -> pd.DataFrame:
        """Every trial, a row each: outcome, size, metric, epochs, hyperparameters.

        Example::

            result.trials().sort_values("size").head()
        """
        from analysis.frames import trials

        return trials(self.record)

    def plot(self) -> Figure:
        """The figure of size against the metric, with the frontier, of matplotlib.

        Example::

            result.plot().savefig("frontier.png")
        """
        from tuner.sessions.pages import drawn

        figure: Figure = drawn(self.record)
        return figure

    def __repr__(self) -> str:
        """For a script and a terminal."""
        return self._page().text()

    def _repr_html_(self) -> str:
        """For a notebook."""
        from tuner.sessions.pages import picture

        return self._page().html(picture(self.record))

    def _page(self) -> Page:
        from tuner.sessions.pages import result_page

        return result_page(self.record, self.status, self.model_file)


@dataclass(frozen=True, repr=False)
class CertificateResult:
    """What came of proving something of one trial, printed and in a notebook a short table.

    Example::

        proof = certify("build_model-3fa2c1", prove="recipe")
        proof.holds, proof.recipe.bound
    """

    record: StudyRecord
    number: int | None
    """The trial that was asked for; None: the smallest that can be proven."""
    prove: Prove
    """What was asked for."""
    interrupted: bool

    @property
    def trial(self) -> TrialRecord | None:
        """The trial in question."""
        if self.number is None:
            return self.record.incumbent
        return next(t for t in self.record.trials if t.number == self.number)

    @property
    def model(self) -> ModelCertificate | None:
        """Of its model; None where there is none."""
        return None if self.trial is None else self.record.model_certificates.get(self.trial.number)

    @property
    def recipe(self) -> Certificate | None:
        """Of its recipe; None where there is none."""
        return None if self.trial is None else self.record.certificates.get(self.trial.number)

    @property
    def holds(self) -> bool:
        """Whether all that was asked for is proven."""
        model = self.model is not None and self.model.certified
        recipe = self.recipe is not None and self.recipe.certified
        return {"both": model and recipe, "model": model, "recipe": recipe}.get(self.prove, False)

    def __repr__(self) -> str:
        """For a script and a terminal."""
        return self._page().text()

    def _repr_html_(self) -> str:
        """For a notebook."""
        from tuner.sessions.pages import picture

        return self._page().html("" if self.trial is not None else picture(self.record))

    def _page(self) -> Page:
        from tuner.sessions.pages import proof_page

        return proof_page(self.record, self.trial, holds=self.holds)


Proof = CertificateResult
"""What people call it."""
