"""Specs: study files, read and validated.

`spec` says what a study may hold, `files` where it is found and what is wrong with it. What a user
changes about a study on the command line is `tuner.sessions.wish`'s matter.
"""
