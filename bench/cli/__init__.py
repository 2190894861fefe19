"""The command `bench`: arguments in, exit code out.

Exit codes: 0 all fine, 1 some runs failed, 2 misuse, 3 no run ended well, 130 interrupted.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

import bench
from bench.errors import BenchError, UsageError

__all__ = ["cli", "main"]

# Name → module and one-line help: the help page must not import what the commands need.
COMMANDS = {
    "compare": ("bench.cli.compare", "Say what got better or worse from one set of results to another."),
    "completion": ("bench.cli.completion", "Print the tab-completion script of a shell."),
    "data": ("bench.cli.data", "List, fetch and verify data sets."),
    "doctor": ("bench.cli.doctor", "Check this installation and say what to mend."),
    "fid": ("bench.cli.fid", "Print the Fréchet Inception distance between two folders of images."),
    "list": ("bench.cli.listing", "List models, data sets, readers, tasks, protocols, suites or plugins."),
    "report": ("bench.cli.report", "Write the comparative report as HTML, Markdown, CSV and LaTeX."),
    "run": ("bench.cli.run", "Run a suite; what is stored already is not run again."),
    "show": ("bench.cli.show", "Show everything recorded about one run."),
}


class Lazy(click.Group):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names without importing anything."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return its command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a mistyped one."""
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no such command {args[0]!r}.{hint} Commands: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(bench.__version__, prog_name="bench")
def cli() -> None:
    """Is a deep or generative network worth it? Run models alike, compare them with evidence.

    Begin with:  bench run quickstart

    Exit codes: 0 all fine, 1 some runs failed, 2 misuse, 3 no run ended well, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; a user's mistake ends in one sentence, never in a traceback."""
    _outlive_readers()
    try:
        result: Any = cli.main(args=arguments, prog_name="bench", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.exceptions.Exit as error:
        code = error.exit_code
    except BenchError as error:
        click.echo(f"Error: {error}", err=True)
        code = 2 if isinstance(error, UsageError) else 3
    except OSError as error:
        # No room, no permission, a folder where a file should be: the user's to mend, so no traceback.
        click.echo(f"Error: {error if error.filename is None else f'{error.filename}: {error.strerror}'}", err=True)
        code = 3
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted. What had finished is stored; the same command goes on from there.", err=True)
        code = 130
    sys.exit(code)


class _Pipe(io.FileIO):
    """An output whose reader may leave (`bench list | head`): nothing is wrong, and the command goes on to its end."""

    def write(self, data: Any) -> int:
        """Write, or do as if."""
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def _outlive_readers() -> None:
    """Let no closed pipe end the command: click and rich would exit with 1, which says that runs failed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # Whoever put another stream there, such as a test, has it his way.
        if isinstance(stream, io.TextIOWrapper) and stream is getattr(sys, f"__{name}__") and not stream.isatty():
            stream.flush()
            raw = io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
            is_prompt = stream.line_buffering or stream.write_through
            setattr(sys, name, io.TextIOWrapper(raw, stream.encoding, stream.errors, line_buffering=is_prompt))
