"""Storages: everything about a study lives in an Optuna storage, and is agreed on through it.

`opening` opens one, by what `urls` understands of its address; `journal` mends Optuna's file.
What comes out of it is `patient`: it names the storage's `failures` as its own, waits with
`patience` for a server that is away, and stores long attributes in `pieces`. `idle_transactions`
keeps a client that stopped from stopping the others. `trial_rows` and `ended_trials` read a
study's trials, `moments` writes at once what belongs together. `claims` says who trains what,
`heartbeats` who is still there, `studies` which studies there are, `warm_start` what one study
tells another, `artifacts`, `shared_artifacts` and `results` where files go, `sent_files` how they
get there, `leftovers` which of them nobody needs.
What is stored under which name is in `tuner.records`.
"""
