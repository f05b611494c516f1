"""Click groups that know their commands by name and one-line help, and load one only when it is named."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click

from synapse_sdk._internal.closest import find_closest


class Entry(NamedTuple):
    """Where a command lives and what `--help` says of it."""

    target: str  # "package.module:attribute"
    help: str


class LazyGroup(click.Group):
    """A group whose `--help` imports none of its commands."""

    def __init__(
        self,
        name: str,
        *,
        help: str,
        entries: Mapping[str, Entry],
        later: Mapping[str, str] | None = None,
        **options: object,
    ) -> None:
        super().__init__(name, help=help, **options)  # type: ignore[arg-type]
        self.entries = entries
        #: Names that people will look for and that are not there yet, with the sentence that says so.
        self.later = later or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.entries and not name.startswith("-"):
            close = find_closest(name, self.entries)
            advice = f"Did you mean {close!r}?" if close else f"There are: {', '.join(self.entries)}."
            ctx.fail(f"No such command: {name}. {self.later.get(name) or advice}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])
