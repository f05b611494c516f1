"""A page of the manual, read: its fenced blocks and the comments above them, its links, its headings.

A comment right above a block tells the tests, and not the reader, what to do with it:

```text
<!-- file: plugin/train.py -->    write the block to this file, in the current folder of the story
<!-- not run: why -->             leave the block alone
<!-- exits: 2 -->                 the last command of the block ends with this exit code, not with 0;
                                  `exits: 1 2` is for the last two
<!-- mistaken: why -->            a config that is shown because it does not load
<!-- continues -->                a Python block that needs the one before it
<!-- prints -->                   what the Python block before it prints
<!-- setup                        commands, one a line, that the reader is not shown
synapse plugin create …
-->
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs"
#: Pages whose blocks are run and whose words are checked.
PAGES = (ROOT / "README.md", *sorted(MANUAL.glob("guide/*.md")))
#: Everything that may link to something.
LINKING = (
    *PAGES,
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(MANUAL.glob("*.md")),
    *sorted(MANUAL.glob("reference/*.md")),
    *sorted(MANUAL.glob("decisions/*.md")),
)

_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>\S*)\s*$")
_COMMENT = re.compile(r"<!--\s*(?P<word>[a-z][a-z ]*?)\s*(?::\s*(?P<value>.*?))?\s*-->", re.DOTALL)
_SETUP = re.compile(r"<!--\s*setup\n(?P<commands>.*?)-->", re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
_CODE_SPAN = re.compile(r"(`+)(?P<code>[^`\n](?:.*?[^`\n])?)\1(?!`)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, or the commands of a setup comment (`language` "setup")."""

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is written."""

    line: int
    target: str


def name_of(page: Path) -> str:
    """Return how a page is called in a report: its path from the checkout on."""
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    blocks: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    index, notes = 0, dict[str, str]()
    while index < len(lines):
        line = lines[index]
        if fence := _FENCE.match(line):
            end = index + 1
            while end < len(lines) and lines[end].strip() != fence["ticks"]:
                end += 1
            text = "\n".join(lines[index + 1 : end]) + "\n"
            blocks.append(Block(page, index + 1, fence["language"], text, notes))
            index, notes = end + 1, {}
            continue
        if line.startswith("<!--"):
            end = next(at for at in range(index, len(lines)) if "-->" in lines[at])
            comment = "\n".join(lines[index : end + 1])
            if setup := _SETUP.match(comment):
                blocks.append(Block(page, index + 1, "setup", setup["commands"]))
            elif note := _COMMENT.match(comment):
                notes = notes | {note["word"]: note["value"] or ""}
            index = end + 1
            continue
        if line.strip():
            notes = {}
        index += 1
    return blocks


def iter_links(page: Path) -> Iterator[Link]:
    """Yield the links of a page; not those in code."""
    for number, line in _prose(page):
        for match in _LINK.finditer(_CODE_SPAN.sub("", line)):
            yield Link(number, match["target"])


def iter_code_spans(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the pieces of `code` in the prose of a page, with their lines."""
    for number, line in _prose(page):
        for match in _CODE_SPAN.finditer(line):
            yield number, match["code"].strip()


def read_anchors(page: Path) -> set[str]:
    """Return the names that the headings of a page can be linked by, as GitHub makes them."""
    anchors: set[str] = set()
    for _, line in _prose(page):
        if re.match(r"#{1,6} ", line):
            title = line.lstrip("#").strip().lower().replace("`", "")
            name = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
            anchors.add(name if name not in anchors else f"{name}-1")
    return anchors


def _prose(page: Path) -> Iterator[tuple[int, str]]:
    closing = None
    in_comment = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if closing is not None:
            closing = None if line.strip() == closing else closing
        elif in_comment or line.startswith("<!--"):
            in_comment = "-->" not in line
        elif fence := _FENCE.match(line):
            closing = fence["ticks"]
        else:
            yield number, line
