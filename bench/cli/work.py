"""What `bench run` has to make: the runs of a suite, or with `--until-decided` those of seed after seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.cli.run_options import RunOptions
    from bench.plugins import Plugins
    from bench.runner.jobs import Job
    from bench.runner.plan import Choices
    from bench.runner.session import Added
    from bench.runner.until_decided import Group, Judge, Search
    from bench.store import Store
    from bench.suite import SuiteFile

__all__ = ["Work"]


@dataclass
class Work:
    """The runs of one command.

    jobs: those that are known so far. groups: of which runs are compared, and most: seeds of each; None where all runs
    are known.
    """

    plugins: Plugins
    jobs: list[Job]
    groups: list[Group] | None = None
    most: int = 0
    retry_failed: bool = False
    search: Search | None = field(default=None, init=False)
    judge: Judge | None = field(default=None, init=False)

    @classmethod
    def of(cls, file: SuiteFile, plugins: Plugins, choices: Choices, asked: RunOptions) -> Work:
        """Return the work of a command line; raises UsageError where its options contradict each other."""
        from bench.runner.plan import expand
        from bench.runner.until_decided import MOST, groups_of

        if not asked.until_decided:
            if asked.max_seeds is not None:
                raise UsageError(
                    "--max-seeds is the limit of --until-decided: give both, or --seeds for a fixed number"
                )
            return cls(plugins, expand(file, plugins, choices))
        if asked.repeat:
            raise UsageError("--repeat makes the same runs again, --until-decided adds others: use one of them")
        most = asked.max_seeds or max(MOST, len(choices.seeds or file.suite.seeds))
        groups = groups_of(file, plugins, choices, most)
        jobs = [job for group in groups for job in group.rounds[0]]
        return cls(plugins, jobs, groups, most, asked.retry_failed)

    def begin(self, store: Store | None) -> None:
        """Find the runs that what is stored leads to; store: None where nothing is."""
        from bench.runner.until_decided import Judge, Search

        if self.groups is not None:
            tasks = {group.task for group in self.groups}
            self.judge = None if store is None else Judge(store, self.plugins, tasks)
            self.search = Search(self.groups, store, self.judge, retry_failed=self.retry_failed)
            self.jobs = list(self.search.advance().jobs)

    def further(self, keep: Callable[[list[Job]], None]) -> Callable[[], Added] | None:
        """Return what is asked for more runs; it hands them to `keep` before they are made."""
        search = self.search
        if search is None:
            return None

        def ask() -> Added:
            added = search.advance()
            self.jobs += added.jobs
            if added.jobs:
                keep(list(added.jobs))
            return added

        return ask

    def say(self) -> None:
        """Print what became of a search."""
        from bench.cli.until_decided import say

        if self.groups is not None:
            say(self.groups, self.most)
            for problem in () if self.judge is None else self.judge.problems:
                click.echo(f"Warning: {problem}", err=True)

    def say_what_may_follow(self) -> None:
        """Print how many runs there may be beyond those that are known."""
        from bench.cli.until_decided import at_most

        if self.groups is not None:
            click.echo(at_most(self.groups))

    def as_json(self) -> dict[str, Any]:
        """Return what became of a search, nothing where there was none."""
        from bench.cli.until_decided import as_json

        return {} if self.groups is None else {"until_decided": as_json(self.groups, self.most)}
