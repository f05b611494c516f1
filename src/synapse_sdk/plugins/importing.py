"""A plugin's own modules, imported under the names that its author wrote, and never another plugin's.

Two plugin folders may both hold a package named `plugin`, and one process has one `sys.modules`. Each name
belongs to the folder that used it first; whoever wants it for another folder is refused, with both folders
named. That holds for imports inside functions and in threads too, because it is a finder that decides.
See `docs/decisions/0003-one-process-one-owner-of-a-module-name.md`.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.errors import ActionNotFoundError, PluginRunError


class ModuleNameTakenError(PluginRunError, ImportError):
    """Two plugin folders in one process want the same module name."""

    @classmethod
    def between(cls, name: str, wanted_by: Path, owner: object) -> ModuleNameTakenError:
        """Build the error for a folder that came second."""
        return cls(
            f"The module name {name!r} of {wanted_by} is already taken in this process by {owner}.",
            {"module": name, "wanted_by": str(wanted_by), "taken_by": str(owner)},
            hint="Run each plugin in a process of its own: "
            f"synapse plugin run ACTION --path {wanted_by}; or rename one of the packages.",
        )


def load_entrypoint(folder: Path, entrypoint: str, *, action: str | None = None) -> Any:
    """Import what an entrypoint names, from the plugin in `folder`.

    From then on the folder's modules can be imported by this process.

    Args:
        folder: The plugin's folder, the one that holds config.yaml.
        entrypoint: `module.path:Name`, or with a dot instead of the colon.
        action: What the config calls it, for messages.

    Raises:
        ModuleNameTakenError: Another plugin folder of this process owns one of its names.
        ActionNotFoundError: There is no such module, or no such name in it.
        Exception: Whatever the module itself raises while it is imported.
    """
    folder = folder.resolve()
    module_name, name = split_entrypoint(entrypoint)
    with _lock:
        _claim(folder, module_name)
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
                raise ActionNotFoundError(
                    f"Action not found: {action or entrypoint}. The entrypoint {entrypoint!r} names "
                    f"the module {error.name!r}, which is not in {folder}.",
                    {"entrypoint": entrypoint, "module": error.name, "folder": str(folder)},
                    hint=f"Check {_where(action)}, or add the file.",
                ) from error
            raise
        _check_owner(module, folder)
    return _get_attribute(module, name, entrypoint, action)


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
        if len(holders) > 1:
            raise ModuleNameTakenError.between(fullname, holders[1], holders[0])
        spec = PathFinder.find_spec(fullname, [str(holders[0])], target) if holders else None
        # A folder without __init__.py gives way to a real package elsewhere on sys.path, as always in Python.
        return spec if spec is not None and spec.loader is not None else None


_finder = _PluginFinder()
_lock = threading.RLock()


def _claim(folder: Path, module_name: str) -> None:
    """Let this process import from `folder`, unless a name of it is already somebody else's."""
    top_level = module_name.partition(".")[0]
    if folder not in _finder.folders:
        for other in _finder.folders:
            for name in _top_level_names(folder) & set(sys.modules):
                if _is_inside(sys.modules[name], other) and not _is_inside(sys.modules[name], folder):
                    raise ModuleNameTakenError.between(name, folder, other)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        _finder.folders.append(folder)
        # For child processes, which get sys.path but not our finder. The finder still decides here.
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
    if top_level in sys.modules:
        _check_owner(sys.modules[top_level], folder)


def _check_owner(module: ModuleType, folder: Path) -> None:
    if _holds(folder, module.__name__.partition(".")[0]) and not _is_inside(module, folder):
        owner = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ["this process"])))
        raise ModuleNameTakenError.between(module.__name__, folder, owner)


def _holds(folder: Path, name: str) -> bool:
    """Would `import name` find something in `folder`?"""
    return (folder / f"{name}.py").is_file() or _is_package(folder / name)


def _top_level_names(folder: Path) -> set[str]:
    return {entry.stem if entry.is_file() else entry.name for entry in folder.iterdir() if _is_module(entry)}


def _is_module(entry: Path) -> bool:
    return entry.suffix == ".py" if entry.is_file() else entry.name.isidentifier() and _is_package(entry)


def _is_package(folder: Path) -> bool:
    """Is this a package, be it without `__init__.py`? A folder of data is none."""
    if (folder / "__init__.py").is_file():
        return True
    return folder.is_dir() and any(
        entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").is_file())
        for entry in folder.iterdir()
    )


def _is_inside(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    places = [file] if file else list(getattr(module, "__path__", []))
    return any(Path(place).resolve().is_relative_to(folder) for place in places)


def _where(action: str | None) -> str:
    return f"actions.{action}.entrypoint in config.yaml" if action else "the entrypoint"


def _get_attribute(module: ModuleType, name: str, entrypoint: str, action: str | None) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        close = find_closest(name, [known for known in vars(module) if not known.startswith("_")])
        raise ActionNotFoundError(
            f"Action not found: {action or entrypoint}. The entrypoint {entrypoint!r} names {name!r}, "
            f"which is not in {module.__file__}.",
            {"entrypoint": entrypoint, "module": module.__name__, "name": name},
            hint=f"Check {_where(action)}." + (f" Did you mean {close!r}?" if close else ""),
        ) from None
