"""Learning curves: what one has shown so far, and where it is likely to end.

- `curve`: one training's best shortfall by epoch, its slope, and what that slope promises.
- `projection`: the distribution of the shortfall at the horizon, from the promise of the curve and
  from how the other curves of the study kept theirs.
- `forecasts`: the two questions that the rest of the program asks, put to Optuna's trials.

Here is only arithmetic on numbers by epoch. What is done with an answer belongs to those who ask:
stopping a training to `tuner.pruners`, proposing the next one to `tuner.samplers`, how long a
certificate trains to `tuner.certificates`.
"""
