"""What a search is after: a metric to bring to a target, and a quantity to keep small.

`metrics` measure predictions, `target` says how far a measurement is from what is asked, and
`quantities` say what a model costs. How numbers are stored is `tuner.records`' matter, and how a
model comes to its numbers `tuner.training`'s.
"""
