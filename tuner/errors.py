"""Every error that a user can cause.

    TunerError
    ├── UsageError        an option or a name that does not exist or does not fit
    ├── StudyError        a study file that cannot be read or breaks a rule
    │   └── StudyChangedError   results exist, and what made them has changed
    ├── SpaceError        a search space that cannot be imported or used
    ├── DataError         a data set that cannot be found, read or used
    │   └── DataUnavailableError   an official archive, neither cached nor reachable
    ├── StorageError      a storage or results folder that cannot be reached or written
    ├── ArtifactError     an artifact store that cannot be reached or written, or is another one
    └── ExportError       a model that cannot be exported, or a file that cannot be written

The command line prints the message of any of them as one line and exits with 2.
A message says what was wrong, what was received and what to do.
"""

from __future__ import annotations


class TunerError(Exception):
    """Base class of the errors that a user can cause and mend."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the line, without a way through this program."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(TunerError):
    """An option or a name does not exist or does not fit the others."""


class StudyError(TunerError):
    """A study file cannot be read or breaks a rule."""


class StudyChangedError(StudyError):
    """A study has results, and its target, space or data has changed since."""


class SpaceError(TunerError):
    """A search space cannot be imported, or does not do what a search needs."""


class DataError(TunerError):
    """A data set cannot be found, read or used."""


class DataUnavailableError(DataError):
    """An official archive is neither cached on this machine nor reachable."""


class StorageError(TunerError):
    """A storage or a results folder cannot be reached or written."""


class ArtifactError(TunerError):
    """An artifact store cannot be reached or written, or is not the one that a search has."""


class ExportError(TunerError):
    """A model cannot be exported, or the file cannot be written."""
