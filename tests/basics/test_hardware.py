"""What a result says of the machine that it was made on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tuner.basics.hardware import allowed_cpus

PINNED = """
from tuner.basics.hardware import allowed_cpus, hardware, pin
every = allowed_cpus()
for cpus in (every[:1], every[-1:], []):
    pin(cpus)
    print(len(allowed_cpus()), hardware()["cores"])
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be pinned here")
def test_a_pinned_process_tells_of_all_processors_that_it_had() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PINNED], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == [f"1 {len(allowed_cpus())}"] * 3
