from __future__ import annotations

import pytest

from tuner.sessions.watcher import Attended, Silent


class Leaving(Silent):
    """Its reader goes away at the second notice."""

    def __init__(self, error: OSError) -> None:
        self.error = error
        self.heard: list[str] = []

    def notice(self, text: str, *, banner: bool = False) -> None:
        self.heard.append(text)
        if len(self.heard) == 2:
            raise self.error


def test_a_reader_that_goes_away_is_told_nothing_more_and_is_named_at_the_end() -> None:
    watcher = Leaving(BrokenPipeError(32, "Broken pipe"))
    attended = Attended(watcher)
    attended.notice("one")
    attended.leave()
    assert not attended.gone
    for text in ("two", "three"):
        attended.notice(text)
    assert attended.gone
    assert watcher.heard == ["one", "two"]
    with pytest.raises(BrokenPipeError):
        attended.leave()


def test_any_other_error_of_a_watcher_is_its_own() -> None:
    attended = Attended(Leaving(FileNotFoundError(2, "No such file", "log.txt")))
    attended.notice("one")
    with pytest.raises(FileNotFoundError, match=r"log\.txt"):
        attended.notice("two")
    assert not attended.gone
