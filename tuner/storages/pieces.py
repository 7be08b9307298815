"""Attributes in pieces, for databases whose column of attributes is a short one.

Optuna keeps attributes in columns of the type TEXT, which in MySQL and MariaDB hold 65,535 bytes:
the confusion matrix of two hundred classes is longer. Such a value is stored as several attributes
and one, under the value's own name, that says how many they are. The pieces' names hold a part of
the value's hash: whoever reads while another writes finds the old value or the new one, whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

MOST = 60_000
"""Characters of JSON in one attribute; JSON as it is stored has one byte a character."""
MARK = "in pieces"


def split(key: str, value: Any, most: int = MOST) -> dict[str, Any]:
    """The attributes to write for one, in this order."""
    text = json.dumps(value)
    if len(text) <= most:
        return {key: value}
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    most -= 2  # quotation marks
    # Text within text: a quotation mark takes two characters, so half is what surely fits.
    parts = [text[i : i + most // 2] for i in range(0, len(text), most // 2)]
    return {
        **{_piece(key, name, i): part for i, part in enumerate(parts)},
        key: {MARK: len(parts), "hash": name},
    }


def split_all(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes to write for several."""
    return {k: v for key, value in attributes.items() for k, v in split(key, value).items()}


def join(attributes: dict[str, Any]) -> dict[str, Any]:
    """Puts the values in these attributes together, in place; pieces are left out then."""
    whole = [k for k, v in attributes.items() if isinstance(v, dict) and v.keys() == {MARK, "hash"}]
    for key in whole:
        about = attributes[key]
        names = [_piece(key, about["hash"], i) for i in range(about[MARK])]
        if all(name in attributes for name in names):
            attributes[key] = json.loads("".join(attributes[name] for name in names))
    if whole:
        for name in [k for k in attributes if k.startswith(_PREFIX)]:
            del attributes[name]
    return attributes


_PREFIX = "piece:"


def _piece(key: str, name: str, index: int) -> str:
    return f"{_PREFIX}{name}:{index}:{key}"
