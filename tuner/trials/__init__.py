"""Trials: one class for each kind, from a claimed trial to its outcome in the storage.

`base` has what all kinds do in the same order, as hooks that `search`, `sweep`, `certificate`
and `model` fill in; `checks` and `files` look at a model before it is trained; `run` picks the
class and sees to what goes wrong. How a model is trained is `tuner.training`'s matter; who trains
what, `tuner.storages.claims`'.
"""
