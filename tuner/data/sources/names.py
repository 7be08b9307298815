"""What people call the arrays of a data set, and which array each of them is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tuner.data.raw import PARTS
from tuner.errors import DataError

NEEDED = ("x_train", "y_train", "x_test", "y_test")
SHORT = {"train": "train", "validation": "val", "test": "test"}
WORDS = {
    "train": frozenset({"train", "training", "trn", "learn"}),
    "validation": frozenset({"val", "valid", "validation", "dev"}),
    "test": frozenset({"test", "testing", "tst"}),
}
ROLES = {
    "sample_weight": frozenset({"weight", "weights"}),
    "groups": frozenset({"group", "groups"}),
    "x": frozenset({"x", "image", "images", "img", "imgs", "data", "inputs", "features", "pixels"}),
    "y": frozenset({"y", "label", "labels", "lbl", "target", "targets", "class", "classes"}),
}
"""What people call examples, answers and so on, beside "train" and "test"; the first that fits."""
CLASSES = frozenset({"classes", "class_names", "label_names", "names"})
_PART = re.compile(r"(?i)(training|train|trn|learn|validation|valid|val|dev|testing|test|tst)")


@dataclass(frozen=True)
class Names:
    """Which of the arrays that were given is what.

    Attributes:
        given: What was given, by the name that it is known by here, such as ``x_train``.
        unused: What is none of them.
    """

    given: Mapping[str, str]
    unused: tuple[str, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def called(self, name: str) -> str:
        """What the user calls it."""
        return self.given.get(name, name)


def canonical(role: str, part: str) -> str:
    """Such as ``x_train``, ``sample_weight_val``."""
    return f"{role}_{SHORT[part]}"


def names_of(where: str, names: Collection[str]) -> Names:
    """Finds out what each name means.

    Args:
        where: What errors call the whole.
        names: Of the arrays.

    Raises:
        DataError: Two may mean the same, or one that must be there is not.
    """
    found: dict[str, str] = {}
    unused = []
    exact = {canonical(role, part) for role in ROLES for part in PARTS} | {"classes"}
    for name in sorted(names, key=lambda n: n not in exact):  # an exact name wins
        meant = name if name in exact else meaning(name)
        if meant is None or (meant in found and found[meant] == meant):
            unused.append(name)
        elif meant in found:
            raise DataError(
                f"{where} holds {found[meant]} and {name}, and either may be {meant}: leave one "
                f"out, or call it {meant}."
            )
        else:
            found[meant] = name
    _require(where, found, names)
    return Names(found, tuple(unused))


def meaning(name: str) -> str | None:
    """What an array of this name is, such as ``x_train``; None where the name does not say."""
    if name.lower() in CLASSES:
        return "classes"
    words = frozenset(re.findall(r"[a-z]+", _PART.sub(r" \1 ", name).lower()))
    parts = [part for part in PARTS if words & WORDS[part]]
    role = next((role for role in ROLES if words & ROLES[role]), None)
    return canonical(role, parts[0]) if role is not None and len(parts) == 1 else None


def _require(where: str, found: Mapping[str, str], names: Collection[str]) -> None:
    missing = [name for name in NEEDED if name not in found]
    for one, other in (("x_val", "y_val"), ("y_val", "x_val")):
        if one in found and other not in found:
            missing.append(other)
    if missing:
        raise DataError(
            f"{where} misses {', '.join(missing)}: it holds {', '.join(names) or 'nothing'} and "
            f"needs {', '.join(NEEDED)}{_hint(missing, found, names)}."
        )


def _hint(missing: list[str], found: Mapping[str, str], names: Collection[str]) -> str:
    if names and all(re.fullmatch(r"arr_\d+", name) for name in names):
        return "; np.savez keeps names that are given, as in np.savez(file, x_train=images)"
    if missing == ["x_test", "y_test"] and "x_val" in found:
        return (
            "; what is proven is proven on test examples that nothing has seen: divide "
            f"{found['x_val']} into validation and test examples"
        )
    if len(names) == 2:
        return "; divide its examples into those to train on and those to test on"
    return ""
