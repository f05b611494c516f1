"""requirements.txt → its problems, each with file and line.

Source: pip documentation, "Requirements File Format".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.packaging.contents import PlannedFile

#: What a plugin's requirements are read from.
REQUIREMENTS = "requirements.txt"

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_COMMENT = re.compile(r"(^|\s+)#.*$")
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
#: Options that stand on their own line, and whether a value follows.
_OPTIONS = {
    **dict.fromkeys(("--no-index", "--prefer-binary", "--require-hashes", "--pre"), False),
    **dict.fromkeys(
        (
            *("-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"),
            *("-c", "--constraint", "-r", "--requirement", "-e", "--editable"),
            *("--no-binary", "--only-binary", "--use-feature"),
        ),
        True,
    ),
}
_FILES = ("-c", "--constraint", "-r", "--requirement")
_EDITABLES = ("-e", "--editable")
#: Options behind a requirement, such as `--hash=sha256:…`.
_TRAILING_OPTIONS = re.compile(r"\s--(?:hash|config-settings|global-option)(?:\s|=|$).*$")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_CREDENTIALS = re.compile(r"//[^/\s]*@")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+|(?:git|hg|svn|bzr)\+\S+|file:\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RequirementProblem:
    """A line that an installer would refuse."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def check_requirements(files: Mapping[str, PlannedFile]) -> list[RequirementProblem]:
    """Check the requirements of a plugin, and the files that they include. No requirements: no problems.

    Args:
        files: The files that travel, by their paths.
    """
    problems: list[RequirementProblem] = []
    pending, seen = [REQUIREMENTS], {REQUIREMENTS}
    while pending:
        path = pending.pop()
        if path not in files:
            continue
        try:
            text = _decode(files[path].location.read_bytes())
        except (UnicodeDecodeError, LookupError) as error:
            problems.append(RequirementProblem(path, 1, f"the file is not text in its encoding: {error}"))
            continue
        for number, line in _iter_logical_lines(text):
            included = _check_line(line, path, files)
            if included.problem:
                problems.append(RequirementProblem(path, number, included.problem))
            elif included.path and included.path not in seen:
                seen.add(included.path)
                pending.append(included.path)
    return sorted(problems, key=lambda problem: (problem.path, problem.line))


@dataclass(frozen=True, slots=True)
class _Checked:
    problem: str | None = None
    #: Another file of requirements that this line includes.
    path: str | None = None


def _decode(data: bytes) -> str:
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return data.decode(encoding)
    for line in data.splitlines()[:2]:
        if match := _CODING.match(line):
            return data.decode(match[1].decode("ascii"))
    return data.decode()


def _iter_logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of its first line, line) with continued lines joined and comments gone."""
    first = 0
    parts: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first if parts else number
        is_comment = bool(_COMMENT.match(raw))
        if raw.endswith("\\") and not is_comment:
            parts.append(raw[:-1])
            continue
        # A comment line inside a continued one ends it, as for pip.
        parts.append(" " + raw if is_comment else raw)
        if line := _COMMENT.sub("", "".join(parts)).strip():
            yield first, line
        parts = []
    if line := _COMMENT.sub("", "".join(parts)).strip():
        yield first, line


def _check_line(line: str, path: str, files: Mapping[str, PlannedFile]) -> _Checked:
    if _VARIABLE.search(line):
        # Filled in where it is installed; what it will say can not be known here.
        line = _VARIABLE.sub("1", line)
    if line.startswith("-"):
        return _check_option(line, path, files)
    requirement = _TRAILING_OPTIONS.sub("", line).strip()
    if _URL.match(requirement):
        return _Checked()
    start = requirement.partition(";")[0].partition("[")[0].strip()
    if "@" not in start and ("/" in start or start.startswith(".") or start.endswith(_ARCHIVES)):
        return _check_local(requirement, files)
    return _Checked(_explain(requirement))


def _check_option(line: str, path: str, files: Mapping[str, PlannedFile]) -> _Checked:
    match = re.match(r"(--[a-z-]+|-[a-zA-Z])(?:\s*=\s*|\s+|)(.*)$", line)
    option, value = (match[1], match[2].strip()) if match else (line.split(maxsplit=1)[0], "")
    if option not in _OPTIONS:
        close = find_closest(option, _OPTIONS)
        more = f"; did you mean {close}?" if close else ""
        return _Checked(f"{option} is not an option of a requirements file{more}")
    if _OPTIONS[option] and not value:
        return _Checked(f"{option} needs a value")
    if option in _EDITABLES and not _URL.match(value):
        return _check_local(value, files)
    if option in _FILES and not _URL.match(value):
        included = _from(path, value)
        if included not in files:
            return _Checked(f"{value} is not among the files that travel")
        return _Checked(path=included)
    return _Checked()


def _check_local(value: str, files: Mapping[str, PlannedFile]) -> _Checked:
    """Check a path: what is installed from it must travel too."""
    # pip reads such paths from the folder that it is started in, which is the plugin's.
    target = normpath(value.partition("[")[0].partition(";")[0].strip())
    if target in (".", *files) or any(known.startswith(f"{target}/") for known in files):
        return _Checked()
    return _Checked(f"{value} is not among the files that travel")


def _from(path: str, value: str) -> str:
    """Resolve what a file includes: relative to that file."""
    return normpath((PurePosixPath(path).parent / value).as_posix())


def _explain(requirement: str) -> str | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(requirement)
    except InvalidRequirement as error:
        # A URL in it may hold a password.
        shown = shorten(_CREDENTIALS.sub("//…@", requirement))
        return f"{shown!r} is not a requirement: {_CREDENTIALS.sub('//…@', str(error).splitlines()[0])}"
    return None
