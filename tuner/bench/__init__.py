"""Bench: how fast this machine trains, and which layout of workers is the fastest.

`measurement` asks processes of `process` to train the models of `models`. What is chosen is kept by
`tuner.launchers.layouts`, and how it is shown is `tuner.views`' matter.
"""
