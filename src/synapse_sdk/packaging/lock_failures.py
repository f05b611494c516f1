"""Why there is no lock: the resolver's reason, and the lines of the plugin that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk.packaging.requirement_lines import RequirementLine, without_credentials
from synapse_sdk.plugins.errors import BuildError, ValidationError

_UNPARSED = re.compile(r"requirement in `([^`]+)` at position (\d+)")
_REQUIRED = re.compile(r"you require ([^\s,]+(?: and [^\s,]+)*)")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_NOT_REACHED = ("failed to fetch", "error sending request", "request failed", "dns error", "timed out")


class IndexNotReachableError(BuildError, NotReachableError):
    """The package index did not answer."""


def explain_failure(reason: str, folder: Path, declared: Sequence[RequirementLine]) -> SynapseError:
    """Build the error for what uv wrote to its standard error.

    Args:
        reason: That text. What it shows of passwords is taken out.
        folder: The plugin's, where uv was started.
        declared: What the plugin asks for.
    """
    reason = without_credentials(reason.removeprefix("error: "))
    if any(sign in reason.lower() for sign in _NOT_REACHED):
        return IndexNotReachableError(
            f"The package index could not be asked, so there is no lock.\n{reason}",
            {"reason": reason},
            hint="Check the network and the index (UV_DEFAULT_INDEX, uv.toml), then run the command again.",
        )
    blamed = _find_unparsed(reason, folder) or _find_blamed(reason, declared)
    if not blamed:
        return BuildError(
            f"The requirements of the plugin and of this SDK can not be resolved together.\n{reason}",
            {"reason": reason},
        )
    many = f"{len(blamed)} requirements can not be resolved together:\n  " if len(blamed) > 1 else ""
    end = "" if many else " can not be resolved"
    return ValidationError(
        many + "\n  ".join(map(str, blamed)) + f"{end}.\n{reason}",
        {
            "problems": [{"file": line.path, "line": line.line, "problem": line.text} for line in blamed],
            "reason": reason,
        },
        hint="Change the versions that are asked for, or name the index that has them in "
        "package_manager_options.",
    )


def _find_unparsed(reason: str, folder: Path) -> list[RequirementLine]:
    match = _UNPARSED.search(reason)
    if match is None or not (folder / match[1]).is_file():
        return []
    data = (folder / match[1]).read_bytes()
    number = data.count(b"\n", 0, int(match[2])) + 1
    text = data.splitlines()[number - 1].decode(errors="replace").strip()
    return [RequirementLine(match[1], number, without_credentials(text))]


def _find_blamed(reason: str, declared: Iterable[RequirementLine]) -> list[RequirementLine]:
    """Return the lines that a resolver's reason speaks of: those that it says are required, else any."""
    named = [(line, line.find_name()) for line in declared]
    # Such as: because …, and you require models-of and pictures-of>=1, we can conclude …
    required = {
        match[0]
        for clause in _REQUIRED.findall(reason)
        for word in clause.split(" and ")
        if (match := _NAME.match(word))
    }
    mentioned = set(_NAME.findall(reason))
    for words in (required, mentioned):
        if blamed := [line for line, name in named if name in words]:
            return blamed
    return []
