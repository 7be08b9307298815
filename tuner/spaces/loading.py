"""Imports a search space by the name that a study file gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import keras
import keras_tuner

from tuner.basics.causes import sentence_of
from tuner.basics.importing import find, kind_of
from tuner.basics.suggestions import suggestion
from tuner.errors import SpaceError
from tuner.spaces import carried


class BuildFunction(keras_tuner.HyperModel):  # type: ignore[misc]
    """A function ``build(hp)``, which keras-tuner takes wherever it takes a hypermodel.

    Args:
        function: Takes hyperparameters first, and returns a compiled model.
        shown_as: What messages call it.
        arguments: More arguments of the function, by name.
    """

    def __init__(
        self, function: Callable[..., Any], shown_as: str, arguments: Mapping[str, Any]
    ) -> None:
        super().__init__(name=shown_as)
        self.shown_as = shown_as
        self._function = function
        self._arguments = dict(arguments)

    def build(self, hp: Any) -> Any:
        """What the function returns."""
        return self._function(hp, **self._arguments)


def load_space(
    spec: str,
    *,
    input_shape: Sequence[int] | Mapping[str, Sequence[int]],
    num_classes: int,
    train_size: int,
    horizon: int,
    options: Mapping[str, Any],
    task: str = "classification",
    input_dtype: Any = "uint8",
    input_normalization: Any = None,
    output_normalization: Any = None,
) -> keras_tuner.HyperModel:
    """Imports a space and makes it for a data set.

    Args:
        spec: ``module:Class`` or ``path/to/file.py:Class``; instead of a class derived from
            `keras_tuner.HyperModel` also a function that returns a hypermodel, or a function
            ``build(hp)``, which may take more arguments after its hyperparameters.
        input_shape: Of an example, (height, width, channels) of an image; of several inputs by
            name.
        num_classes: Number of classes; goes to ``num_classes`` or to ``classes``. Where answers
            are amounts, how many numbers an answer has.
        train_size: Training examples.
        horizon: The most epochs one training may use.
        options: More keyword arguments. Of those here, only the ones that it takes are passed.
        task: ``classification`` or ``regression``.
        input_dtype: NumPy's name of an example's type; of several inputs by name.
        input_normalization: ``mean`` and ``deviation`` of each channel over the training examples;
            None for bytes; of several inputs by name.
        output_normalization: The same of each number of an answer; None of classes.

    Raises:
        SpaceError: It cannot be imported, does not take an option, or is no hypermodel.
    """
    target = carried.found(spec) if carried.is_carried(spec) else find(spec)
    spec = carried.shown(spec)
    if isinstance(target, keras_tuner.HyperModel):
        if options:
            raise SpaceError(
                f"{spec} is a hypermodel already: make it with the options it shall have."
            )
        return target
    offered = {
        "input_shape": _shapes(input_shape),
        "num_classes": num_classes,
        "classes": num_classes,
        "train_size": train_size,
        "horizon": horizon,
    }
    more = {
        "task": task,
        "input_dtype": input_dtype,
        "input_normalization": input_normalization,
        "output_normalization": output_normalization,
    }
    # These may be a space's own options: what the study says goes before what the data is.
    offered |= {name: value for name, value in more.items() if name not in options}
    if (hp := _hyperparameters_of(target, {*offered, *options})) is not None:
        arguments = _arguments(target, spec, offered, options, besides=hp)
        return BuildFunction(target, spec.rpartition(":")[2], arguments)
    return _made(target, spec, _arguments(target, spec, offered, options))


def _shapes(shape: Sequence[int] | Mapping[str, Sequence[int]]) -> Any:
    if isinstance(shape, Mapping):
        return {name: tuple(each) for name, each in shape.items()}
    return tuple(shape)


def _made(
    target: Callable[..., Any], spec: str, arguments: Mapping[str, Any]
) -> keras_tuner.HyperModel:
    """What a class or a factory makes."""
    try:
        space = target(**arguments)
    except (Exception, SystemExit) as error:  # someone else's constructor
        raise SpaceError(f"{spec}: {sentence_of(error)}") from error
    if isinstance(space, keras_tuner.HyperModel):
        return space
    made = f"{spec} must make a keras_tuner.HyperModel but made {kind_of(space)}"
    if isinstance(space, keras.Model):
        made += "; a function that builds a model takes the hyperparameters first, as in def f(hp)"
    raise SpaceError(f"{made}.")


def _hyperparameters_of(target: Callable[..., Any], given: Collection[str]) -> str | None:
    """The argument of a function that takes hyperparameters; None where it is a factory.

    That is its first one, if it is called ``hp``, or if it must be given and neither the study nor
    its options give it.
    """
    if inspect.isclass(target):
        return None
    first = next(iter(inspect.signature(target).parameters.values()), None)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        return None
    required = first.default is first.empty and first.name not in given
    return first.name if first.name == "hp" or required else None


def _arguments(
    target: Callable[..., Any],
    spec: str,
    offered: Mapping[str, Any],
    options: Mapping[str, Any],
    besides: str | None = None,
) -> dict[str, Any]:
    """What to call a constructor or a function with, by name.

    Args:
        target: It.
        spec: What the study calls it.
        offered: What the study knows; passed where the target takes it.
        options: The study's ``space_options``; all of them are passed.
        besides: An argument that it is given in another way.
    """
    names, open_ended = _keywords(target)
    names -= {besides}
    for name in options:
        if name in offered:
            raise SpaceError(f"{spec}: space_options cannot set {name!r}: the study sets it.")
        if name == besides or (name not in names and not open_ended):
            known = sorted(names - offered.keys())
            raise SpaceError(f"{spec} has no option {name!r}{suggestion(name, known) or '.'}")
    arguments = {name: value for name, value in offered.items() if name in names} | dict(options)
    missing = [name for name in _required(target) if name != besides and name not in arguments]
    if missing:
        raise SpaceError(
            f"{spec} must be given {missing[0]!r}, which the study does not know; "
            "set it in space_options, or give it a default."
        )
    return arguments


def _required(target: Callable[..., Any]) -> list[str]:
    """Arguments of a function that have no default; of a class none are looked for."""
    if inspect.isclass(target):
        return []
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(target).parameters.values()
    return [p.name for p in parameters if p.kind in kinds and p.default is p.empty]


def _keywords(target: Callable[..., Any]) -> tuple[set[str], bool]:
    """Names that a constructor takes as keywords, and whether it takes any others too.

    Where a constructor passes ``*args`` or ``**kwargs`` on, its base class's names count as well.
    """
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if not inspect.isclass(target):
        parameters = inspect.signature(target).parameters.values()
        open_ended = any(p.kind == inspect.Parameter.VAR_KEYWORD for p in parameters)
        return {p.name for p in parameters if p.kind not in variadic}, open_ended
    names: set[str] = set()
    for base in inspect.getmro(target):
        if "__init__" not in vars(base) or base is object:
            continue
        own = list(inspect.signature(base.__init__).parameters.values())[1:]  # type: ignore[misc]
        names |= {p.name for p in own if p.kind not in variadic}
        if not any(p.kind == inspect.Parameter.VAR_KEYWORD for p in own):
            return names, False
    return names, False
