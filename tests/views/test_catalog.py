from __future__ import annotations

import json

from tests.helpers.shown import drawn
from tuner.views import catalog


def test_what_spaces_says():
    described = {
        "space": "mine.py:Space",
        "doc": "A space.",
        "options": {"deep": False},
        "complete": False,
        "hyperparameters": [{"name": "units", "range": "an integer in [1, 9]", "default": 3}],
    }
    shown = drawn(catalog.spaces_view([described]))
    assert "space_options: deep = false" in shown
    assert "an integer in [1, 9]" in shown
    assert "There may be more" in shown


def test_cached_data_is_listed(tmp_path):
    folder = tmp_path / "data" / "abc-0"
    folder.mkdir(parents=True)
    meta = {
        "hash": "abcdef0123456789",
        "classes": ["a", "b"],
        "image_shape": [8, 8, 3],
        "train_size": 90,
        "bytes": {"x": 2_000_000},
    }
    (folder / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "data" / "broken").mkdir()
    (tmp_path / "data" / "broken" / "meta.json").write_text("{")
    assert catalog.cached(tmp_path) == [
        "abcdef012345  2 classes, 8x8x3, 90 training images, 2 MB",
    ]
