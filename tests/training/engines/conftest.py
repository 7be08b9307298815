from __future__ import annotations

import keras

collect_ignore = [] if keras.backend.backend() == "jax" else ["test_jax.py"]
"""Run under JAX by test_backends.py."""
