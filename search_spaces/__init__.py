"""Search spaces: one module a model family, each a `keras_tuner.HyperModel`."""
