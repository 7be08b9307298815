"""Configurations between two sets of names: keras-tuner's, and those that Optuna stores.

In Optuna a hyperparameter that stands under conditions has them in its name, and some values are
stored by their place in the range (`tuner.spaces.codes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.basics.suggestions import suggestion
from tuner.errors import SpaceError
from tuner.spaces.codes import Code
from tuner.spaces.exploration import explore
from tuner.spaces.hyperparameters import AnsweredHyperParameters, cannot, name_of, walk_space


class _Encoder(AnsweredHyperParameters):
    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        self._given = given
        self.params: dict[str, Any] = {}

    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        if hp.name not in self._given:
            self.params[name] = code.encode_default(hp.default)
            return self.params[name]
        try:
            self.params[name] = code.encode(self._given[hp.name])
        except ValueError as error:
            raise SpaceError(f"hyperparameter {hp.name!r} {error}.") from error
        return self.params[name]

    def _fixed(self, name: str, hp: Any) -> None:
        value = self._given.get(hp.name, hp.value)
        if value != hp.value:
            raise SpaceError(f"hyperparameter {hp.name!r} must be {hp.value!r} but got {value!r}.")


def encode(
    hypermodel: Any, values: Mapping[str, Any], hints: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A configuration in Optuna's names and values, for ``study.enqueue_trial``.

    Args:
        hypermodel: The space.
        values: By keras-tuner's names. What they leave out takes its default; what the rest of
            the configuration makes inactive is ignored.
        hints: What to do about some names that the space may not have.

    Raises:
        SpaceError: A name is unknown, a value is out of its range, or no model can be built.
    """
    hp = _Encoder(values)
    try:
        walk_space(hypermodel, hp)
    except ValueError as error:
        raise cannot(hypermodel, "be built with these values", error) from error
    known = {p.name for p in hp.space}
    if unknown := sorted(set(values) - known):
        known |= explore(hypermodel).names if hasattr(hypermodel, "describe") else set()
        unknown = [name for name in unknown if name not in known]
    if unknown:
        hint = (hints or {}).get(unknown[0])
        more = f"; {hint}." if hint else suggestion(unknown[0], sorted(known)) or "."
        raise SpaceError(f"{name_of(hypermodel)} has no hyperparameter {unknown[0]!r}{more}")
    return hp.params


class _Decoder(AnsweredHyperParameters):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__()
        self._params = params

    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        return self._params.get(name, code.encode_default(hp.default))


def decode(hypermodel: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The active values, by keras-tuner's names, of a configuration as Optuna stores it.

    Args:
        hypermodel: The space.
        params: By Optuna's names; missing ones take their defaults, others are ignored.

    Raises:
        ValueError: The configuration cannot be built.
    """
    hp = _Decoder(params)
    walk_space(hypermodel, hp)
    return dict(hp.values)
