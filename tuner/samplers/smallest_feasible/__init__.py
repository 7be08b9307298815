"""The sampler that searches for the smallest model which meets a target.

- `sampler`: Optuna's interface, and when the first proposals are made without a model of the data.
- `encoding`: configurations as points of the unit cube, and back.
- `outcomes`: what one trial says: its size, and where its training would have ended.
- `evidence`: what all trials of a study say, as arrays.
- `surrogate`: a Gaussian process.
- `prediction`: what that process says of candidates.
- `candidates`: where the next proposal may come from.
- `doubts`: which of the models that met the target really meet it.
- `acquisition`: which candidate is worth the most.
- `outlook`: what the next proposal is expected to gain, and what is worth checking before it.

All of it works in any Optuna study: it reads what trials report and the constraints that they set,
and nothing that the rest of the program stores.
"""
