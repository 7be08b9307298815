"""Records: names and types of everything stored on a study or a trial.

The seam between the search, which writes, and whoever reads: the command line, notebooks, reports.
Numbers and phrases as people read them are in `words`. Nothing here opens a storage, trains or
draws.
"""
