"""What a user sees of a search: a live view, plain lines, JSON events, tables and a summary.

Light to import: Rich is imported by the modules that draw with it, when they are.
"""
