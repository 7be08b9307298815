"""Search spaces: one module a model family, each a `keras_tuner.HyperModel`.

A family describes its networks once, as a list of operations (`network`), from which both the cost
in closed form and the Keras model are made. How a model is trained is asked for in one place for
all families (`recipe`). Only keras and keras-tuner are imported here, never the rest of the
project: a family works wherever a hypermodel does.
"""
