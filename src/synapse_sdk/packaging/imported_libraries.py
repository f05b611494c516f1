"""Libraries that the code imports and the requirements do not bring: a job would not have them.

Only what is certain is told: imports that always run with their module, of libraries that are installed here,
while everything that the plugin asks for is installed here, too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.packaging.lock import list_core_requirements
from synapse_sdk.packaging.requirement_lines import find_source, list_requirements
from synapse_sdk.packaging.requirements import REQUIREMENTS
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.source import parse_file

_SDK = "synapse_sdk"


class MissingLibrary(NamedTuple):
    """One library, where it is first imported, and how it is asked for."""

    path: str
    line: int
    module: str
    package: str
    #: The file to add `package` to.
    requirements: str

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: {self.module} is imported, and nothing in {self.requirements} "
            "brings it: a job would not have it"
        )


def find_missing_libraries(folder: Path, config: PluginConfig) -> list[MissingLibrary]:
    """Compare what a plugin imports with what it asks for.

    Raises:
        ValidationError: A source file is not Python.
    """
    packages = {entry.entrypoint.partition(":")[0].partition(".")[0] for entry in config.actions.values()}
    imported = list(_iter_imports(folder, packages - {""}))
    if not imported or any((folder / config.wheels_dir).glob("*.whl")):
        return []  # what wheels of the plugin's own bring is known when they are installed
    brought = _find_brought(folder)
    if brought is None:
        return []
    installed = packages_distributions()
    source = find_source(folder) or REQUIREMENTS
    missing: dict[str, MissingLibrary] = {}
    for path, line, module in imported:
        owners = [_canonical(name) for name in installed.get(module, ())]
        if owners and not brought.intersection(owners):
            missing.setdefault(module, MissingLibrary(path, line, module, owners[0], source))
    return list(missing.values())


def _iter_imports(folder: Path, packages: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    for package in sorted(packages):
        root = folder / package
        for file in sorted(root.rglob("*.py")) if root.is_dir() else [root.with_suffix(".py")]:
            if not file.is_file():
                continue
            path = file.relative_to(folder).as_posix()
            for node in parse_file(file, shown_as=path).body:
                for module in _imported_by(node):
                    if not _is_at_hand(folder, module):
                        yield path, node.lineno, module


def _imported_by(node: ast.stmt) -> Sequence[str]:
    """Return the top-level modules of a statement; one inside of `try` or `if` may do without."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return [node.module.partition(".")[0]]
    return []


def _is_at_hand(folder: Path, module: str) -> bool:
    if module == _SDK or module in sys.stdlib_module_names:
        return True
    return (folder / module).is_dir() or (folder / f"{module}.py").is_file()


def _find_brought(folder: Path) -> frozenset[str] | None:
    """Return all packages that an environment of the plugin has; None where nobody can tell from here."""
    from packaging.requirements import Requirement

    waiting = [Requirement(text) for text in list_core_requirements()]
    for line in list_requirements(folder):
        requirement = line.parse()
        if requirement is None or requirement.url:
            return None
        waiting.append(requirement)
    brought: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        extras = frozenset(requirement.extras)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        name = _canonical(requirement.name)
        if (name, extras) in brought:
            continue
        brought.add((name, extras))
        try:
            needed = map(Requirement, requires(name) or ())
        except PackageNotFoundError:
            return None
        for each in needed:
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                each.marker = None
                waiting.append(each)
    return frozenset(name for name, _ in brought)


def _canonical(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)
