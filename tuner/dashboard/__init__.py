"""Dashboard: Optuna's own, served with a note and a drawing on each study of ours.

`serve` runs it, `notes` and `plot` make what is added, `storage_view` shows it what it knows by
older names. Tables in a terminal are `tuner.views`' matter, pages for readers `analysis.report`'s.
"""
