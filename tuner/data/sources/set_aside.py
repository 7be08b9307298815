"""Arrays as people have them in variables, and the test examples that are set aside of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tuner.data.sources.arrays import bytes_converted
from tuner.data.sources.names import NEEDED, meaning
from tuner.errors import DataError

TEST_SPLIT = 0.1
"""Share of the examples that becomes test examples, where none are given."""
FEWEST = 20
"""Test examples; fewer prove nothing."""
PLACES = 8
"""Whole numbers for each example, in its class and in the orders of the parts, at one time."""
TAKEN = ("x_train", "y_train", "sample_weight_train")
"""What test examples are taken out of."""
WANTED = "give (x_train, y_train, x_test, y_test), (x, y), or a dict of these names"

Arrays = dict[str, Any]


def arrays_of(given: Any) -> Arrays:
    """What a user gave as data, as arrays by their names.

    Args:
        given: A tuple of four arrays or of two, what Keras's ``load_data`` gives, or a dict.

    Raises:
        DataError: It is none of these.
    """
    if isinstance(given, Mapping):
        if not given:
            raise DataError(f"data is an empty dict: {WANTED}.")
        named = {_whole(str(name)): array for name, array in given.items()}
    elif isinstance(given, tuple | list) and len(given) in (2, 4):
        named = dict(zip(NEEDED, _flat(given), strict=False))
    else:
        raise DataError(f"data is {_kind(given)}: {WANTED}.")
    arrays = {name: _plain(name, array) for name, array in named.items()}
    return {name: _classes(name, array) for name, array in arrays.items()}


def _classes(name: str, array: Any) -> Any:
    """The numbers of classes where answers are one-hot rows, as ``to_categorical`` makes them."""
    answers = str(meaning(name)).startswith("y_") and isinstance(array, np.ndarray)
    if not answers or array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "fiub":
        return array
    hot = ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()
    return array.argmax(axis=1) if hot and len(array) else array


def _flat(given: Sequence[Any]) -> list[Any]:
    pairs = [isinstance(each, tuple | list) and len(each) == 2 for each in given]
    if len(given) == 2 and all(pairs) and all(_is_array(a) for pair in given for a in pair):
        return list(itertools.chain(*given))
    return list(given)


def _is_array(given: Any) -> bool:
    return isinstance(given, Mapping) or hasattr(given, "shape") or hasattr(given, "__array__")


def _whole(name: str) -> str:
    """``x`` and ``y`` are training examples."""
    return {"x": "x_train", "X": "x_train", "y": "y_train"}.get(name, name)


def _kind(given: Any) -> str:
    module = type(given).__module__.partition(".")[0]
    name = type(given).__name__
    if isinstance(given, tuple | list):
        return f"a {name} of {len(given)}"
    if module in ("tensorflow", "keras") or hasattr(given, "__next__"):
        return (
            f"a {name}, which is read piece by piece (put it into a function of a file, "
            "data='my_data.py:load')"
        )
    if name == "DataFrame":
        return "a DataFrame: its columns may be both examples and answers"
    return f"a {name}" if name != "ndarray" else "one array, without answers"


def _plain(name: str, given: Any) -> Any:
    """NumPy's array of what a variable holds; several inputs stay a dict."""
    if isinstance(given, Mapping):
        return {key: _plain(f"{name}[{key!r}]", each) for key, each in given.items()}
    kind = f"{type(given).__module__.partition('.')[0]}.{type(given).__name__}"
    if kind.startswith("torch."):
        raise DataError(f"{name} is a torch tensor: give {name}.numpy(force=True).")
    if kind == "pandas.DataFrame":
        return _frame(name, given)
    if kind in ("pandas.Series", "pandas.Index"):
        return _series(name, given)
    if given is None:
        raise DataError(f"{name} is None: {WANTED}.")
    if isinstance(given, str):
        raise DataError(f"{name} is the text {given!r}: {WANTED}; files are given as data='PATH'.")
    if callable(given) or hasattr(given, "__next__"):
        raise DataError(f"{name} is a {type(given).__name__}: give an array.")
    if kind.startswith("scipy."):
        raise DataError(f"{name} is a sparse matrix: give {name}.toarray().")
    return _array(name, given)


def _array(name: str, given: Any) -> Any:
    try:
        found = np.asarray(given)
    except (TypeError, ValueError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{name} is no array ({said}): give numbers of one shape.") from error
    if found.dtype.kind == "O":
        if found.ndim == 1 and len(found) and all(isinstance(each, str) for each in found):
            return found.astype(str)
        raise DataError(
            f"{name} holds Python objects ({type(found.flat[0]).__name__ if found.size else '?'}): "
            "give an array of numbers, all of one shape."
        )
    return found


def _frame(name: str, given: Any) -> Any:
    """A frame's numbers; a column of 0 and 1 for truth values."""
    text = [str(c) for c, dtype in given.dtypes.items() if not _is_number(dtype)]
    if text:
        listed = ", ".join(map(repr, text[:5])) + (", …" if len(text) > 5 else "")
        several = "are no numbers" if len(text) > 1 else "is no number"
        raise DataError(
            f"{name} is a DataFrame whose column{'s' * (len(text) > 1)} {listed} {several}: encode "
            f"{'them' if len(text) > 1 else 'it'}, as pandas.get_dummies({name}) does, or drop "
            f"{'them' if len(text) > 1 else 'it'}."
        )
    if given.isna().any(axis=None):
        raise DataError(
            f"{name} is a DataFrame with {int(given.isna().sum().sum()):,} missing values: fill "
            f"them, as {name}.fillna(0) does, or drop those rows."
        )
    if given.shape[1] == 1 and name.startswith("y"):
        return _series(name, given.iloc[:, 0])
    whole = all(np.dtype(getattr(d, "numpy_dtype", d)).kind in "iub" for d in given.dtypes)
    return given.to_numpy(dtype=np.int64 if whole else np.float32)


def _is_number(dtype: Any) -> bool:
    plain = getattr(dtype, "numpy_dtype", dtype)
    return isinstance(plain, np.dtype) and plain.kind in "iufb"


def _series(name: str, given: Any) -> Any:
    if given.isna().any():
        raise DataError(
            f"{name} has {int(given.isna().sum()):,} missing values: fill or drop them."
        )
    if not _is_number(given.dtype):
        return given.astype(str).to_numpy(dtype=str)  # names of classes
    plain = np.dtype(getattr(given.dtype, "numpy_dtype", given.dtype))
    return given.to_numpy(dtype=np.int64 if plain.kind == "b" else plain)


def with_test(arrays: Arrays, share: float | None, seed: int) -> tuple[Arrays, str | None]:
    """The arrays with test examples, and what to say where they were set aside.

    Args:
        arrays: By their names.
        share: Of the training examples that become test examples; None: `TEST_SPLIT`.
        seed: Which ones.

    Raises:
        DataError: There are test examples as well as a share, or too few for both.
    """
    given = {meaning(name) for name in arrays}
    if given & {"x_test", "y_test"}:
        if share is not None:
            raise DataError(f"test_split is {share:g}, but data has test examples: leave one out.")
        return arrays, None
    by_meaning = {meaning(name): name for name in arrays}
    if not {"x_train", "y_train"} <= by_meaning.keys():
        return arrays, None  # which arrays are missing is said with all the others
    share = TEST_SPLIT if share is None else share
    if not 0 < share < 1:
        raise DataError(f"test_split must lie between 0 and 1 but got {share:g}.")
    if "groups_train" in by_meaning:
        raise DataError(
            "data has groups and no test examples: set whole groups aside as x_test and y_test."
        )
    answers = np.asarray(arrays[by_meaning["y_train"]])
    _check_lengths(arrays[by_meaning["x_train"]], answers)
    kept, aside = divided(answers, share, seed)
    if len(aside) < FEWEST:
        raise DataError(
            f"a share of {share:g} of {len(answers)} examples is {len(aside)} test examples, which "
            f"prove nothing: give more examples, or a larger test_split (at least {FEWEST})."
        )
    made = dict(arrays)
    for taken in TAKEN:
        if (name := by_meaning.get(taken)) is not None:
            made[name] = _rows(arrays[name], kept)
            made[taken.replace("_train", "_test")] = _rows(arrays[name], aside)
    note = (
        f"data has no test examples: {len(aside):,} of {len(answers):,} are set aside for the "
        "proof and never trained on (test_split)."
    )
    return made, note


def bytes_of_copies(arrays: Arrays) -> int:
    """Bytes of memory that arrays need beside themselves until they are in the cache.

    Those of the training part are copied where test examples are taken out of them. All floats but
    native ones of 32 bits are converted to those, and bytes with alpha to images without it. Each
    example has some places in orders besides.

    Args:
        arrays: By their names; 0 where training examples or their answers are missing.
    """
    parts = {name: str(meaning(name)) for name in arrays}
    if not {"x_train", "y_train"} <= set(parts.values()):
        return 0
    divides = not {"x_test", "y_test"} & set(parts.values())
    needed = 0
    for name, part in parts.items():
        whole = arrays[name]
        held = list(filter(np.ndim, whole.values() if isinstance(whole, Mapping) else [whole]))
        if divides and part in TAKEN:
            needed += sum(array.nbytes for array in held)
        if part.startswith("x_"):
            needed += sum(map(bytes_converted, held))
        if part == "x_train":
            needed += max(map(len, held), default=0) * PLACES * np.dtype(np.int64).itemsize
    return needed


def _check_lengths(x: Any, y: Any) -> None:
    arrays = x.values() if isinstance(x, Mapping) else [x]
    for array in arrays:
        if not np.ndim(array) or not np.ndim(y):
            raise DataError(f"x and y must be arrays with one row an example: {WANTED}.")
        if len(array) != len(y):
            raise DataError(
                f"x_train has {len(array):,} examples and y_train {len(y):,} answers: give one "
                "answer an example."
            )


def _rows(array: Any, rows: Any) -> Any:
    if isinstance(array, Mapping):
        return {key: each[rows] for key, each in array.items()}
    return array[rows]


def divided(answers: Any, share: float, seed: int) -> tuple[Any, Any]:
    """Places of the examples that are kept, and of those set aside, each in rising order.

    Of every class the same share is set aside; of amounts any examples.
    """
    random = np.random.default_rng(seed)
    if answers.ndim == 1 and answers.dtype.kind in "iubUS":
        classes, codes = np.unique(answers, return_inverse=True)
    elif answers.ndim == 2 and answers.shape[1] == 1 and answers.dtype.kind in "iubUS":
        classes, codes = np.unique(answers[:, 0], return_inverse=True)
    else:
        classes, codes = np.zeros(1), np.zeros(len(answers), np.int64)
    aside = []
    for number in range(len(classes)):
        members = np.flatnonzero(codes == number)
        aside.append(random.permutation(members)[: round(share * len(members))])
    test = np.sort(np.concatenate(aside)) if aside else np.empty(0, np.int64)
    kept = np.setdiff1d(np.arange(len(answers)), test)
    return kept, test
