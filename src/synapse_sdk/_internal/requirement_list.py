"""A requirements file as a list."""

from __future__ import annotations

import re
from pathlib import Path

#: As pip has it: a `#` inside of an address is none.
_COMMENT = re.compile(r"(?:^|\s+)#.*")


def read_requirements(file_path: str | Path) -> list[str] | None:
    """Return the lines of a requirements file without blank ones and comments; None where there is no file.

    A line that goes on after a backslash is one line.

    Raises:
        UnicodeDecodeError: The file is not UTF-8.
    """
    try:
        text = Path(file_path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    lines = (_COMMENT.sub("", line).strip() for line in text.replace("\\\n", " ").splitlines())
    return [line for line in lines if line]
