"""Training: one compiled Keras model, epoch by epoch; knows nothing of Optuna.

How the images of an epoch are driven through a model on each backend is in `engines`. What a
training means for a study is `tuner.trials`' matter.
"""
