"""What a function does, as a hash that only a change of what it does changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner.spaces.fingerprints import fingerprint, source_text

FUNCTION = '''
import math

OFFSET = 1
NUMBERS = np.arange(3)

class Part:
    """A part."""
    size = 2

    def go(self, x):
        return x + self.size

def helper(x):
    return x + OFFSET

def build(hp, width=3):
    """Builds."""
    # a comment
    part = Part()
    return helper(part.go(hp)) + width + NUMBERS[0] + math.pi
'''


def made(text: str, name: str = "build") -> Any:
    """What a notebook's cells have, without a file."""
    space: dict[str, Any] = {"__name__": "__main__", "np": np}
    exec(compile(text, "<cell>", "exec"), space)
    return space[name]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("    # a comment\n", "\n\n"),
        ("import math\n", "import math\nUNUSED = 7\n"),
        ("OFFSET = 1\n", "OFFSET = 1  # the same\n"),
    ],
)
def test_what_changes_nothing(was: str, now: str) -> None:
    assert fingerprint(made(FUNCTION)) == fingerprint(made(FUNCTION.replace(was, now)))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("OFFSET = 1", "OFFSET = 2"),
        ("np.arange(3)", "np.arange(4)"),
        ("size = 2", "size = 3"),
        ("width=3", "width=4"),
        ("return x + self.size", "return x - self.size"),
        ("return x + OFFSET", "return x * OFFSET"),
        ("math.pi", "math.e"),
        ("class Part:", "class Base:\n    pass\n\nclass Part(Base):"),
    ],
)
def test_what_changes_something(was: str, now: str) -> None:
    assert was in FUNCTION
    assert fingerprint(made(FUNCTION)) != fingerprint(made(FUNCTION.replace(was, now)))


def test_closures_lambdas_and_cycles() -> None:
    def closed(number: int) -> Any:
        return lambda hp: hp + number

    assert fingerprint(closed(1)) == fingerprint(closed(1))
    assert fingerprint(closed(1)) != fingerprint(closed(2))
    odd = (
        "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n and even(n - 1)\n"
    )
    assert fingerprint(made(odd, "even")) == fingerprint(made(odd, "even"))
    assert fingerprint(made(odd, "even")) != fingerprint(made(odd, "odd"))
    loop: list[Any] = [1]
    loop.append(loop)
    assert fingerprint(loop) == fingerprint(loop)


def test_sets_have_no_order() -> None:
    names = [f"name{i}" for i in range(50)]
    other: set[str] = set()
    other.update(reversed(names))
    assert fingerprint(set(names)) == fingerprint(other)


def test_it_is_the_same_in_another_process(tmp_path: Path) -> None:
    """Where strings hash otherwise, and a cell's file has another name."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import numpy as np\n{FUNCTION}\nNAMES = {{'a', 'b', 'c'}}\n"
        "def final(hp):\n    return build(hp) if hp in NAMES else 0\n"
        "from tuner.spaces.fingerprints import fingerprint\nprint(fingerprint(final))\n"
    )
    other = tmp_path / "other.py"
    other.write_text("# moved down\n\n" + script.read_text())
    root = str(Path(__file__).parents[2])
    found = {
        subprocess.run(
            [sys.executable, str(file)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": root, "PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for file, seed in ((script, "1"), (script, "2"), (other, "3"))
    }
    assert len(found) == 1 and len(found.pop().strip()) == 64


def test_the_text_is_kept_for_people() -> None:
    assert "def test_sets_have_no_order" in source_text(test_sets_have_no_order)
    assert source_text(made(FUNCTION)) == ""
