"""What a plugin says that it needs, each with the place where it says so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from synapse_sdk.packaging.requirements import REQUIREMENTS

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PYPROJECT = "pyproject.toml"

_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s*=\s*|\s+|(?=[^\s-]))(\S.*)$")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+)(\S.*)$")
_CREDENTIALS = re.compile(r"//[^/\s@]*@")
_TRAILING_OPTIONS = re.compile(r"\s+--(?:hash|config-settings|global-option)(?:\s|=|$).*$")


class RequirementLine(NamedTuple):
    """One requirement, and where it stands."""

    path: str
    line: int
    #: Without the password of an address: it is shown to people.
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"

    def parse(self) -> Requirement | None:
        """Return it as PEP 508 has it; None for a path or an address."""
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            return Requirement(self.text)
        except InvalidRequirement:
            return None

    def find_name(self) -> str | None:
        """Return the package's normalized name; None for a path or an address."""
        from packaging.utils import canonicalize_name

        requirement = self.parse()
        return canonicalize_name(requirement.name) if requirement else None


def find_source(folder: Path) -> str | None:
    """Return the name of the file that says what a plugin needs, if there is one."""
    return next((name for name in (REQUIREMENTS, PYPROJECT) if (folder / name).is_file()), None)


def list_requirements(folder: Path) -> list[RequirementLine]:
    """Return what requirements.txt and the files that it includes ask for; without it, pyproject.toml.

    Lines that no installer accepts are in it as they are.
    """
    source = find_source(folder)
    if source == PYPROJECT:
        return list(_iter_pyproject(folder))
    return list(_iter_file(folder, REQUIREMENTS, set())) if source else []


def _iter_file(folder: Path, path: str, seen: set[str]) -> Iterator[RequirementLine]:
    if path in seen or not (folder / path).is_file():
        return
    seen.add(path)
    text = (folder / path).read_text("utf-8-sig", errors="replace")
    for number, raw in enumerate(text.splitlines(), 1):
        line = _TRAILING_OPTIONS.sub("", _COMMENT.sub("", raw).strip().removesuffix("\\").rstrip())
        if match := _INCLUDE.fullmatch(line):
            included = normpath((PurePosixPath(path).parent / match[1].strip()).as_posix())
            yield from _iter_file(folder, included, seen)
        elif line and (not line.startswith("-") or _EDITABLE.fullmatch(line)):
            yield RequirementLine(path, number, without_credentials(line))


def _iter_pyproject(folder: Path) -> Iterator[RequirementLine]:
    text = (folder / PYPROJECT).read_text(errors="replace")
    try:
        wanted = tomllib.loads(text).get("project", {}).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        return  # the resolver explains what is wrong with it
    lines = text.splitlines()
    for requirement in map(str, wanted):
        number = next((number for number, line in enumerate(lines, 1) if requirement in line), 1)
        yield RequirementLine(PYPROJECT, number, without_credentials(requirement))


def without_credentials(text: str) -> str:
    """Return `text` with the user and password of every address in it replaced by `…`."""
    return _CREDENTIALS.sub("//…@", text)


def find_folder(line: RequirementLine, folder: Path) -> Path | None:
    """Return the local folder that a line asks to install, if it asks for one."""
    match = _EDITABLE.fullmatch(line.text)
    target = (match[1] if match else line.text).partition(";")[0].partition("[")[0].strip()
    # A bare name is a package, even where a folder happens to be called like it.
    if "://" in target or not (match or "/" in target or target.startswith(".")):
        return None
    place = folder / target.removeprefix("file:")
    return place if place.is_dir() else None
