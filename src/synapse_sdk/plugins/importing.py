"""A plugin's own modules, imported under the names that its author wrote, and never another plugin's.

Two plugin folders may both hold a package named `plugin`, and one process has one `sys.modules`. Each name
belongs to the folder that used it first; whoever wants it for another folder is refused, with both folders
named. That holds for imports inside functions and in threads too, because it is a finder that decides. A name
of Python's standard library always means that library.
See `docs/decisions/0003-one-process-one-owner-of-a-module-name.md`.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.config_file import CONFIG_NAMES
from synapse_sdk.plugins.errors import ActionNotFoundError, PluginRunError

_STANDARD_LIBRARY = "Python's standard library"


class ModuleNameTakenError(PluginRunError, ImportError):
    """A plugin folder wants a module name that means something else in this process."""

    @classmethod
    def between(cls, name: str, wanted_by: Path, owner: object) -> ModuleNameTakenError:
        """Build the error for a folder that came second."""
        way_on = f"Rename {name.partition('.')[0]!r} there"
        if owner != _STANDARD_LIBRARY:
            way_on += f", or run it in a process of its own: synapse plugin run ACTION --path {wanted_by}"
        return cls(
            f"The module name {name!r} of {wanted_by} is already taken in this process by {owner}.",
            {"module": name, "wanted_by": str(wanted_by), "taken_by": str(owner)},
            hint=f"{way_on}.",
        )


class StaleModuleError(PluginRunError):
    """A plugin's file has changed since this process imported it; what would run is not what lies there."""


def load_entrypoint(folder: Path, entrypoint: str, *, action: str | None = None) -> Any:
    """Import what an entrypoint names, from the plugin in `folder`.

    From then on the folder's modules can be imported by this process.

    Args:
        folder: The plugin's folder, the one that holds config.yaml.
        entrypoint: `module.path:Name`, or with a dot instead of the colon.
        action: What the config calls it, for messages.

    Raises:
        ModuleNameTakenError: Another plugin folder of this process owns one of its names.
        StaleModuleError: A file of the plugin has changed since this process imported it.
        ActionNotFoundError: There is no such module, or no such name in it.
        Exception: Whatever the module itself raises while it is imported.
    """
    folder = folder.resolve()
    module_name, name = split_entrypoint(entrypoint)
    try:
        module = load_module(folder, module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise ActionNotFoundError(
                f"Action not found: {action or entrypoint}. The entrypoint {entrypoint!r} names "
                f"the module {error.name!r}, which is not in {folder}.",
                {"entrypoint": entrypoint, "module": error.name, "folder": str(folder)},
                hint=f"Check {_where(folder, action)}, or add the file.",
            ) from error
        raise
    return _get_attribute(module, name, entrypoint, folder, action)


def load_module(folder: Path, module_name: str) -> ModuleType:
    """Import a module from the plugin in `folder`.

    Raises:
        ModuleNameTakenError, StaleModuleError: As `load_entrypoint`.
        ModuleNotFoundError: There is no such module.
        Exception: Whatever the module itself raises while it is imported.
    """
    folder = folder.resolve()
    with _lock:
        _claim(folder, module_name)
        _refuse_stale(folder)
        module = importlib.import_module(module_name)
        _check_owner(module_name, folder)
        _remember_sources(folder)
    return module


def split_entrypoint(entrypoint: str) -> tuple[str, str]:
    """Split `module.path:Name` or `module.path.Name` into module and name."""
    module_name, separator, name = entrypoint.partition(":")
    if not separator:
        module_name, _, name = entrypoint.rpartition(".")
    return module_name, name


class _PluginFinder(MetaPathFinder):
    """Finds top-level modules in the plugin folders of this process; refuses a name that two of them hold."""

    def __init__(self) -> None:
        self.folders: list[Path] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:  # a submodule: its package knows where to look
            return None
        holders = [folder for folder in self.folders if _holds(folder, fullname)]
        if not holders:
            return None
        if fullname in sys.stdlib_module_names:
            # Whoever asks, the library's own lazy imports included: not what lies in a plugin folder.
            elsewhere = [entry for entry in sys.path if Path(entry).resolve() not in self.folders]
            return PathFinder.find_spec(fullname, elsewhere, target)
        if len(holders) > 1:
            raise ModuleNameTakenError.between(fullname, holders[1], holders[0])
        spec = PathFinder.find_spec(fullname, [str(holders[0])], target)
        # A folder without __init__.py gives way to a real package elsewhere on sys.path, as always in Python.
        return spec if spec is not None and spec.loader is not None else None


#: Folders without `__init__.py` that are looked through for a first Python file.
_PACKAGE_DEPTH = 4

_finder = _PluginFinder()
_lock = threading.RLock()


def _claim(folder: Path, module_name: str) -> None:
    """Let this process import from `folder`, unless a name of it already means something else."""
    top_level = module_name.partition(".")[0]
    if folder not in _finder.folders:
        _refuse_taken_names(folder, top_level)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        _finder.folders.append(folder)
        # For child processes, which get sys.path but not our finder. The finder still decides here.
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
    if top_level in sys.stdlib_module_names and _holds(folder, top_level):
        raise ModuleNameTakenError.between(top_level, folder, _STANDARD_LIBRARY)
    if top_level in sys.modules:
        _check_owner(top_level, folder)


def _refuse_taken_names(folder: Path, top_level: str) -> None:
    """Refuse a folder if a name that it holds is another plugin's, or is foreign and imported in it."""
    used: frozenset[str] | None = None
    for name in sorted(_top_level_names(folder)):
        module = sys.modules.get(name)
        is_foreign = module is not None and not _is_from(module, name, folder)
        for other in _finder.folders:
            if is_foreign and _is_from(sys.modules[name], name, other):
                raise ModuleNameTakenError.between(name, folder, other)
        if is_foreign or name in sys.stdlib_module_names:
            # A name that nobody in the plugin imports, such as `tests`, does no harm.
            used = _imported_names(folder) | {top_level} if used is None else used
            if name in used:
                is_standard = name in sys.stdlib_module_names
                owner = _STANDARD_LIBRARY if is_standard else _place_of(sys.modules[name])
                raise ModuleNameTakenError.between(name, folder, owner)


def _check_owner(module_name: str, folder: Path) -> None:
    module = sys.modules[module_name]
    if _holds_module(folder, module_name) and not _is_from(module, module_name, folder):
        raise ModuleNameTakenError.between(module_name, folder, _place_of(module))


def _holds(folder: Path, name: str) -> bool:
    """Would `import name` find something in `folder`?"""
    return (folder / f"{name}.py").is_file() or _is_package(folder / name)


def _holds_module(folder: Path, module_name: str) -> bool:
    stem = folder.joinpath(*module_name.split("."))
    return stem.with_suffix(".py").is_file() or stem.is_dir()


def _top_level_names(folder: Path) -> set[str]:
    """Name what could be imported from `folder` and is known in this process, or to Python itself."""
    with os.scandir(folder) as entries:
        names = {entry.name.removesuffix(".py") for entry in entries}
    known = {name for name in names if name in sys.modules or name in sys.stdlib_module_names}
    return {name for name in known if _holds(folder, name)}


def _is_package(folder: Path, depth: int = 0) -> bool:
    """Is this a package, be it without `__init__.py`? A folder of data is none."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return False
    if any(entry.name.endswith(".py") for entry in entries):
        return True
    return depth < _PACKAGE_DEPTH and any(
        _is_package(Path(entry.path), depth + 1)
        for entry in entries
        if entry.name.isidentifier() and entry.is_dir()
    )


def _imported_names(folder: Path) -> frozenset[str]:
    """Read from the plugin's sources which top-level names they import from outside of each themselves."""
    import ast

    names = set()
    for file in iter_sources(folder):
        own = file.relative_to(folder).parts[0].removesuffix(".py")
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue  # whoever imports it will hear of it
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found = {(node.module or "").partition(".")[0]}
            else:
                continue
            names |= found - {own}
    return frozenset(names)


def iter_sources(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        # Neither hidden folders nor virtual environments are the plugin's own.
        folders[:] = [
            name for name in folders if name.isidentifier() and not Path(parent, name, "pyvenv.cfg").exists()
        ]
        yield from (Path(parent, name) for name in files if name.endswith(".py"))


def _is_from(module: ModuleType, module_name: str, folder: Path) -> bool:
    """Is this the module of that name that lies in `folder`, be it through a link?"""
    top_level = module_name.partition(".")[0]
    root = (folder / top_level).resolve()
    single = (folder / f"{top_level}.py").resolve()
    places = [Path(place).resolve() for place in _places_of(module)]
    return any(place == single or place.is_relative_to(root) for place in places)


def _places_of(module: ModuleType) -> list[str]:
    file = getattr(module, "__file__", None)
    return [file] if file else list(getattr(module, "__path__", []))


def _place_of(module: ModuleType) -> str:
    return next(iter(_places_of(module)), "this process")


def _where(folder: Path, action: str | None) -> str:
    if action is None:
        return "the entrypoint"
    config = next((name for name in CONFIG_NAMES if (folder / name).is_file()), CONFIG_NAMES[0])
    return f"actions.{action}.entrypoint in {config}"


#: Modification time and size of each plugin file when it was imported.
_sources: dict[str, tuple[int, int]] = {}


def _remember_sources(folder: Path) -> None:
    inside = f"{folder}/"
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(inside) and file not in _sources:
            status = Path(file).stat()
            _sources[file] = (status.st_mtime_ns, status.st_size)


def _refuse_stale(folder: Path) -> None:
    """Refuse to run old code under the name of new code: Python would not read the file again."""
    inside = f"{folder}/"
    for file, known in _sources.items():
        if not file.startswith(inside):
            continue
        try:
            status = Path(file).stat()
        except FileNotFoundError:
            continue  # gone: what was imported is all there is
        if (status.st_mtime_ns, status.st_size) != known:
            raise StaleModuleError(
                f"{file} has changed since this process imported it.",
                {"file": file, "folder": str(folder)},
                hint="Restart the process (in a notebook: the kernel) to run the new code.",
            )


def _get_attribute(module: ModuleType, name: str, entrypoint: str, folder: Path, action: str | None) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        close = find_closest(name, [known for known in vars(module) if not known.startswith("_")])
        raise ActionNotFoundError(
            f"Action not found: {action or entrypoint}. The entrypoint {entrypoint!r} names {name!r}, "
            f"which is not in {module.__file__}.",
            {"entrypoint": entrypoint, "module": module.__name__, "name": name},
            hint=f"Check {_where(folder, action)}." + (f" Did you mean {close!r}?" if close else ""),
        ) from None
