"""`bench completion`: print the tab-completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["command"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that makes SHELL complete `bench`.

    \b
    bash:  eval "$(bench completion bash)"      in ~/.bashrc
    zsh:   eval "$(bench completion zsh)"       in ~/.zshrc
    fish:  bench completion fish | source       in ~/.config/fish/config.fish
    """
    from bench.cli import cli

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    click.echo(found(cli, {}, "bench", "_BENCH_COMPLETE").source())
