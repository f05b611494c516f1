"""Where a command speaks: results to stdout, everything said about them to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TextIO

import click

from synapse_sdk._internal.columns import display_width, pad
from synapse_sdk._internal.terminal import supports_colour


@dataclass
class Output:
    """One command's voice. A test hands in its own streams; `--json` switches the results' shape.

    With `as_json` exactly one JSON document goes to `out`, whatever else is said.
    """

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    as_json: bool = False

    def say(self, text: str = "") -> None:
        """Tell the user something about the work: progress, what to do next."""
        print(text, file=self.err)

    def error(self, text: str, *, hint: str | None = None) -> None:
        """Tell the user what went wrong, and what to do."""
        print(f"{self.style('error:', fg='red')} {text}", file=self.err)
        if hint:
            print(f"{self.style('hint:', bold=True)}  {hint}", file=self.err)

    def warn(self, text: str, *, hint: str | None = None) -> None:
        """Tell the user of something that does not stop the work but deserves a look."""
        print(f"{self.style('warning:', fg='yellow')} {text}", file=self.err)
        if hint:
            print(f"{self.style('hint:', bold=True)}    {hint}", file=self.err)

    def document(self, data: object) -> None:
        """Print `data` as the one JSON document. Only meaningful under `--json`."""
        # Text beyond the stream's encoding is escaped by JSON itself, so that it stays a document.
        encoding = getattr(self.out, "encoding", None) or "utf-8"
        is_ascii = encoding.lower().replace("-", "") != "utf8"
        print(json.dumps(data, ensure_ascii=is_ascii, allow_nan=False), file=self.out)

    def text(self, text: str = "") -> None:
        """Print a line of a result that is meant for people."""
        print(text, file=self.out)

    def fields(self, data: Mapping[str, object]) -> None:
        """Print a result as aligned `name  value` lines, or as JSON."""
        if self.as_json:
            self.document(dict(data))
            return
        width = max(map(display_width, data), default=0)
        for key, value in data.items():
            print(f"{pad(key, width)}  {value}", file=self.out)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows in columns that line up; numbers to the right. Prints the headers even for no rows."""
        cells = [[str(cell) for cell in row] for row in rows]
        numeric = [
            bool(cells) and all(row[i].lstrip("-").replace(".", "", 1).isdigit() for row in cells)
            for i in range(len(headers))
        ]
        widths = [
            max(display_width(text) for text in (header, *(row[i] for row in cells)))
            for i, header in enumerate(headers)
        ]
        for index, row in enumerate([list(headers), *cells]):
            line = "  ".join(
                pad(cell, width, right=right) for cell, width, right in zip(row, widths, numeric, strict=True)
            ).rstrip()
            print(self.style(line, bold=True, stream=self.out) if index == 0 else line, file=self.out)

    def style(
        self, text: str, *, fg: str | None = None, bold: bool = False, stream: TextIO | None = None
    ) -> str:
        """Colour `text` where the stream (stderr unless told) is a terminal that wants colour."""
        if not supports_colour(stream or self.err):
            return text
        return click.style(text, fg=fg, bold=bold or None)


def with_output(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its `Output` as the first argument, and the `--json` option that sets it up."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    @wraps(function)
    def command(*args: Any, as_json: bool, **options: Any) -> Any:
        return function(Output(as_json=as_json), *args, **options)

    return command
