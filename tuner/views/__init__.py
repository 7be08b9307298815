"""Views: what people and programs see of a search, in a terminal or as JSON events.

A module a view: the live picture (`frame`, `live`), plain lines, events, tables and the summary.
What they share stands in `layout`. Phrases and numbers are worded in `tuner.records.words`; nothing
here opens a storage or decides anything. Rich is imported by the modules that draw with it, when
they are.
"""
