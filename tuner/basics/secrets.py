"""Keeps what a storage's URL must not give away out of everything that is shown or stored.

A URL is taken apart here as text, and more of it is hidden than may be needed: a mistyped one,
which no parser understands, holds the same password as the right one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, unquote_plus

from tuner.basics.environment import RESULTS

HIDDEN = "***"

HARMLESS = frozenset(
    {"application_name", "cache", "charset", "connect_timeout", "driver", "gssencmode", "host"}
    | {"hostaddr", "mode", "port", "ssl_mode", "sslmode", "target_session_attrs", "timeout"}
    | {"timezone", "uri", "use_unicode"}
)
"""Keys of a URL's query whose values are shown; any other may be a password's."""

NEEDS_VARIABLE = (
    "--storage holds a password, which other users of this machine can see: set TUNER_STORAGE to "
    "the URL instead. The commands that are shown leave the option out and count on that."
)
"""What to tell somebody who has typed a password."""

LEAST = 3
"""Characters of a secret that is looked for in other texts: shorter ones occur by chance."""

_SCHEME = re.compile(r"(?i)([a-z][a-z0-9+.-]*://)(.*)", re.DOTALL)
_MISTYPED = re.compile(r"([^:/@\s]*[:/]+)(.*)@(.*)", re.DOTALL)
_NAMED = re.compile(r"(?i)\b(\w*(?:pass|pwd|secret|token)\w*\s*=\s*)([^&;\s'\"]+)")
_IN_TEXT = re.compile(r"(?i)[a-z][a-z0-9+.-]*:/[^\s'\"]*")


def masked(url: str) -> str:
    """A URL with its password, and whatever in its query may be one, hidden."""
    for start, end in _secrets(url):
        url = url[:start] + HIDDEN + url[end:]
    return url


def has_secret(url: str) -> bool:
    """Whether a URL holds something that must not be shown."""
    return masked(url) != url


def scrubbed(text: str, url: str) -> str:
    """A text, for example a driver's error, without the secrets of a URL."""
    found = {url[start:end] for start, end in _secrets(url)}
    found |= {unquote(s) for s in found} | {unquote_plus(s) for s in found}
    for secret in sorted(found, key=len, reverse=True):
        if len(secret) >= LEAST and secret != HIDDEN:
            text = text.replace(secret, HIDDEN)
    return text


def masked_text(text: str) -> str:
    """A text, for example a stored command, with the secrets of the URLs in it hidden."""
    return _IN_TEXT.sub(lambda found: masked(found.group()), text)


def shown_command(words: Iterable[str]) -> str:
    """A command to be typed in a shell, without a ``--storage`` that holds a password.

    It is then to be typed where ``TUNER_STORAGE`` names the storage.
    """
    shown: list[str] = []
    given = iter(words)
    for word in given:
        option, equals, url = word.partition("=")
        if option == "--storage":
            value = url if equals else next(given, "")
            shown += [] if has_secret(value) else [option, value]
        else:
            shown.append(masked_text(word))
    return shlex.join(shown)


def shown_option(storage: str | None) -> Sequence[str]:
    """The option ``--storage`` as a shown command has it: not at all where it holds a password."""
    return [] if storage is None or has_secret(storage) else ["--storage", storage]


def repeated(storage: str | None, results: Path) -> Sequence[str]:
    """What a next command must say again to find the same studies; see `shown_option`."""
    again = [] if str(results) == RESULTS else ["--results", str(results)]
    return [*again, *shown_option(storage)]


def _secrets(url: str) -> list[tuple[int, int]]:
    """Where a URL's secrets begin and end, the last first."""
    spans = {s for s in (*_of_user(url), *_of_query(url), *_named(url)) if s[0] < s[1]}
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda s: (s[0], -s[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept[::-1]


def _of_user(url: str) -> list[tuple[int, int]]:
    """Between ``user:`` and the last ``@``: a password may hold an ``@`` that is not encoded."""
    found = _SCHEME.fullmatch(url) or _MISTYPED.fullmatch(url)
    if found is None:
        return []
    start, end = len(found.group(1)), url.rfind("@")
    if url.startswith("/", start):
        return []  # a path behind the scheme: a file may have an @ in its name
    if end < start:
        # No @ at all: what stands for the port and is none may be a password without its host.
        port = re.compile(r"[^:/?]*:([^/?]*)").match(url, start)
        return [] if port is None or port.group(1).isdecimal() else [port.span(1)]
    if found.re is _MISTYPED:
        return [(start, end)]
    colon = url.find(":", start, end)
    return [] if colon < 0 else [(colon + 1, end)]


def _of_query(url: str) -> list[tuple[int, int]]:
    begin = url.find("?", max(url.rfind("@"), 0) if "://" in url else 0)
    begin = url.find("?") if begin < 0 else begin
    if begin < 0:
        return []
    spans = []
    for found in re.finditer(r"([^&;=?]+)=([^&;]*)", url[begin + 1 :]):
        if found.group(1).strip().lower() not in HARMLESS:
            spans.append((begin + 1 + found.start(2), begin + 1 + found.end(2)))
    return spans


def _named(url: str) -> list[tuple[int, int]]:
    return [found.span(2) for found in _NAMED.finditer(url)]
