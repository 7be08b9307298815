from __future__ import annotations

import pytest

from tuner.basics.secrets import (
    has_secret,
    masked,
    masked_text,
    scrubbed,
    shown_command,
    shown_option,
)

WITH_SECRETS = {
    "mysql://me:secret@host/x": "mysql://me:***@host/x",
    "postgresql://me:sec@secret@host/x": "postgresql://me:***@host/x",
    "postgresql://me:sec/ret@host/secret@x": "postgresql://me:***@x",
    "postgresql://me:secret?@host/x": "postgresql://me:***@host/x",
    "postgresql://:secret@/x": "postgresql://:***@/x",
    "postgresql://host/x?user=me&password=secret&sslmode=require": (
        "postgresql://host/x?user=***&password=***&sslmode=require"
    ),
    "postgresql://me:secret@host/x?sslpassword=secret": "postgresql://me:***@host/x?sslpassword=***",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dsecret": "mssql+pyodbc:///?odbc_connect=***",
    "sqlite:////a/b.db?key=secret": "sqlite:////a/b.db?key=***",
    "postgresql:/me:secret@host/x": "postgresql:/***@host/x",
    "postgresql//me:secret@host/x": "postgresql//***@host/x",
    "me:secret@host/x": "me:***@host/x",
    "postgresql://me:secret/x": "postgresql://me:***/x",
    "host=h password=secret dbname=x": "host=h password=*** dbname=x",
}
WITHOUT = (
    "journal:a/b.log",
    "sqlite:///tuner-results/tuner.db",
    "sqlite:////a@b:c/d.db",
    "sqlite:///x.db?timeout=3&uri=true",
    "postgresql://me@host:5432/x?sslmode=require",
    "what",
)


@pytest.mark.parametrize(("url", "shown"), WITH_SECRETS.items())
def test_whatever_may_be_a_secret_is_hidden(url: str, shown: str) -> None:
    assert has_secret(url)
    assert masked(url) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize("url", WITHOUT)
def test_what_holds_no_secret_is_left_as_it_is(url: str) -> None:
    assert masked(url) == url
    assert not has_secret(url)


def test_a_secret_is_found_in_other_texts_however_it_was_written() -> None:
    url = "postgresql://me:se%2Fcr%40et@host/x?token=other"
    told = 'no role "me" with se/cr@et, se%2Fcr%40et or other'
    assert scrubbed(told, url) == 'no role "me" with ***, *** or ***'
    assert masked_text(f"tuner q10 --storage {url} --trials 5") == (
        "tuner q10 --storage postgresql://me:***@host/x?token=*** --trials 5"
    )


def test_a_shown_command_can_be_typed_again() -> None:
    typed = ["tuner", "search", "my study.toml", "--storage", "sqlite:///a b.db"]
    assert shown_command(typed) == "tuner search 'my study.toml' --storage 'sqlite:///a b.db'"
    for secret in WITH_SECRETS:
        for given in (["--storage", secret], [f"--storage={secret}"]):
            assert shown_command(["tuner", *given, "--trials", "5"]) == "tuner --trials 5"
        assert shown_option(secret) == []
    assert shown_option("sqlite:///a.db") == ["--storage", "sqlite:///a.db"]
    assert shown_option(None) == []
