"""What a stream can show."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def is_terminal(stream: TextIO) -> bool:
    """Is a person watching this stream on a terminal that can redraw a line?"""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def supports_colour(stream: TextIO) -> bool:
    """May we colour? Only on a terminal, and never when `NO_COLOR` is set (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_interactive() -> bool:
    """Is a person there who can be asked something?"""
    return sys.stdin is not None and sys.stdin.isatty() and is_terminal(sys.stderr)
