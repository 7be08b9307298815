"""Storages: everything about a study lives in an Optuna storage, and is agreed on through it.

`opening` opens one and says what is wrong with it, `claims` who trains what, `studies` which
studies there are, `warm_start` what one study tells another, `artifacts` where files go. What is
stored under which name is in `tuner.records`.
"""
