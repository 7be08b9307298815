"""``tuner dashboard`` and ``completion``."""

from __future__ import annotations

from pathlib import Path

import click

from tuner.cli.options import OneOf, storage_options


@click.command()
@storage_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True)
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
def dashboard(storage: str | None, results: Path, host: str, port: int, no_open: bool) -> None:
    """Look at the studies in the browser, with optuna-dashboard. Ctrl-C ends it."""
    from tuner.cli.results import storage_url
    from tuner.dashboard.serve import serve

    serve(storage_url(storage, results), results, host=host, port=port, browser=not no_open)


@click.command(short_help="Print the script that completes words.")
@click.argument("shell", type=OneOf(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes verbs, options and studies in a shell.

    \b
    bash  tuner completion bash > ~/.local/share/bash-completion/completions/tuner
    zsh   tuner completion zsh > "${fpath[1]}/_tuner"
    fish  tuner completion fish > ~/.config/fish/completions/tuner.fish
    """  # noqa: D301 (click wants the character itself, not its escape)
    from click.shell_completion import get_completion_class

    from tuner.cli import cli

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "tuner", "_TUNER_COMPLETE").source())
