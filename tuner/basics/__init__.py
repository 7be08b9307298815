"""Basics: what every other room may need, and nothing that knows of studies or models.

Environment variables, seeds, versions, suggestions for mistyped names, numbers as people read them,
what this machine has, files that appear whole, the one way to run a process, and Optuna's private
names. What only one room needs belongs into that room.
"""
