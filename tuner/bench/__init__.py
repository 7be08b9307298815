"""Bench: how fast this machine trains, and which layout of workers is the fastest.

`measurement` says what is tried and which is the fastest; a `team` of processes of `process` trains
the models of `models`. The fastest are kept by `tuner.launchers.layouts`; how they are shown is
`tuner.views`' matter.
"""
