"""The ignore files of a folder and of those above it → the rule that keeps something behind.

`.synapseignore` and `.gitignore` files count in every folder, each for what lies below it, as gitignore(5)
says: the last matching pattern of a file decides, and a deeper file overrules a higher one. Whatever any
`.synapseignore` says overrules every `.gitignore`, so that `!model.onnx` lets a file travel which git does
not keep. A folder that is left out is not entered; nothing below it can be let in again.

Only files inside the plugin folder count. `.git/info/exclude`, a repository around the plugin and the
user's own settings do not, since they differ between machines.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import NamedTuple

from synapse_sdk.manifest.gitignore import Pattern, parse_patterns
from synapse_sdk.manifest.names import to_printable

#: Strongest first.
IGNORE_FILES = (".synapseignore", ".gitignore")


class Rule(NamedTuple):
    """Why something stays behind."""

    #: `always`, or the ignore file and line: `plugin/.synapseignore:2`.
    origin: str
    #: What the built-in rule protects from, or the pattern as it is written in the file.
    reason: str


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """A parsed ignore file."""

    path: str
    #: The folder it stands in: b"" or b"plugin/".
    base: bytes
    patterns: tuple[Pattern, ...]
    #: Of path and content.
    digest: str

    @classmethod
    def parse(cls, path: str, data: bytes) -> IgnoreFile:
        """Read the file at `path` (relative to the plugin folder) from its bytes."""
        folder, slash, _ = os.fsencode(path).rpartition(b"/")
        digest = hashlib.sha256(os.fsencode(path) + b"\0" + data).hexdigest()
        return cls(to_printable(path), folder + slash, tuple(parse_patterns(data)), digest)

    def find_pattern(self, path: bytes, *, is_folder: bool) -> Pattern | None:
        """Return the last pattern that matches `path`, a path below this file's folder."""
        below = path[len(self.base) :]
        name = below.rpartition(b"/")[2]
        for pattern in reversed(self.patterns):
            if pattern.needs_folder and not is_folder:
                continue
            if pattern.matches is not None and pattern.matches(below if pattern.sees_path else name):
                return pattern
        return None


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Every ignore file that has a say in one folder."""

    #: By family as in `IGNORE_FILES`; within a family the deepest first.
    families: tuple[tuple[IgnoreFile, ...], ...] = ((), ())

    @property
    def identity(self) -> str:
        """Tells these files from all others."""
        return " ".join(file.digest for family in self.families for file in family)

    def below(self, files: dict[str, IgnoreFile]) -> IgnoreRules:
        """Return the rules of a deeper folder, which holds `files`, by their names."""
        if not files:
            return self
        return IgnoreRules(
            tuple(
                (files[name], *family) if name in files else family
                for name, family in zip(IGNORE_FILES, self.families, strict=True)
            )
        )

    def find_rule(self, path: bytes, *, is_folder: bool) -> Rule | None:
        """Return the rule that keeps `path` (relative to the plugin folder) behind, or None if it travels."""
        for family in self.families:
            for file in family:
                if pattern := file.find_pattern(path, is_folder=is_folder):
                    return None if pattern.is_negated else Rule(f"{file.path}:{pattern.line}", pattern.text)
        return None
