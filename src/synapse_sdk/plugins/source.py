"""What a plugin's source says about its actions, read without importing any of it.

Only what is written literally counts: a base class that comes from the SDK, a data type that comes from
`synapse_sdk.plugins.types` or is defined in the plugin with a literal name. Anything computed is *unknown*,
and said to be; it is never guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from synapse_sdk.plugins import types
from synapse_sdk.plugins.errors import ValidationError

#: Classes of the SDK that an action derives from.
ACTION_BASES = frozenset(
    {
        "BaseAction",
        "BaseTrainAction",
        "BaseInferenceAction",
        "BaseExportAction",
        "BaseUploadAction",
        "BaseDeploymentAction",
        "BaseAutoLabelAction",
        "DatasetAction",
    }
)
#: Those that can run as they are: an action that derives from one need not define anything.
WHOLE_BASES = frozenset(
    {
        "AddTaskDataAction",
        "DatasetAction",
        "DefaultExportAction",
        "DefaultUploadAction",
        "ExportAction",
        "ToTaskAction",
    }
)
#: Class attributes that config.yaml repeats.
SYNCED = ("input_type", "output_type", "method")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Methods that make an action one that can run.
_ENTRIES = frozenset({"execute", "run", "setup_steps"})
#: A chain of classes or imports longer than this is a mistake, or a cycle.
MAX_BASES = 20


@dataclass(frozen=True, slots=True)
class SourceAction:
    """A class that is an action, as its file says."""

    class_name: str
    module: str
    file: Path
    line: int
    action_name: str | None
    #: Values of `SYNCED` that the class, or a base of it in the plugin, sets; None for an explicit None.
    values: dict[str, str | None]
    #: Names of `SYNCED` that are set to something that only running the code would tell.
    unknown: frozenset[str]

    @property
    def entrypoint(self) -> str:
        """How config.yaml points at it."""
        return f"{self.module}:{self.class_name}"

    @property
    def default_name(self) -> str:
        """What config.yaml calls it when nobody says otherwise: `FooBarAction` is `foobar`."""
        return self.action_name or self.class_name.removesuffix("Action").lower() or self.class_name.lower()


@dataclass(slots=True)
class _Module:
    name: str
    file: Path
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    #: Local name → dotted origin: `BaseTrainAction` → `synapse_sdk.plugins.BaseTrainAction`.
    imports: dict[str, str] = field(default_factory=dict)


class PluginSource:
    """The Python files of one plugin folder, parsed when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._modules: dict[str, _Module | None] = {}

    def find_action(self, entrypoint: str) -> SourceAction | None:
        """Return the action that an entrypoint names, or None when the source has no such class.

        Raises:
            ValidationError: A file that must be read is not Python; the message has file and line.
        """
        from synapse_sdk.plugins.importing import split_entrypoint

        module_name, class_name = split_entrypoint(entrypoint)
        module = self._find_module(module_name)
        if module is None or class_name not in module.classes:
            return None
        return self._describe(module, class_name)

    def has_name(self, entrypoint: str) -> bool:
        """Does the source define, or import, what an entrypoint names?"""
        from synapse_sdk.plugins.importing import split_entrypoint

        module_name, name = split_entrypoint(entrypoint)
        module = self._find_module(module_name)
        if module is None:
            return False
        tree = ast.parse(module.file.read_bytes())
        return name in module.imports or any(name in _bound_names(node) for node in tree.body)

    def has_function(self, entrypoint: str) -> bool:
        """Does the source define a function of the name that an entrypoint names?"""
        from synapse_sdk.plugins.importing import split_entrypoint

        module_name, name = split_entrypoint(entrypoint)
        module = self._find_module(module_name)
        tree = ast.parse("" if module is None else module.file.read_bytes())
        return any(isinstance(node, _FUNCTIONS) and node.name == name for node in tree.body)

    def find_place(self, entrypoint: str) -> tuple[Path, int] | None:
        """Return file and line where the source defines or imports what an entrypoint names, if it does."""
        from synapse_sdk.plugins.importing import split_entrypoint

        module_name, name = split_entrypoint(entrypoint)
        module = self._find_module(module_name)
        if module is None:
            return None
        for node in ast.parse(module.file.read_bytes()).body:
            imported = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
            if name in _bound_names(node) or name in [alias.asname or alias.name for alias in imported]:
                return module.file, node.lineno
        return None

    def has_file(self, entrypoint: str) -> bool:
        """Is the module that an entrypoint names a file of this plugin?"""
        return self.find_file(_split_module(entrypoint)) is not None

    def has_package(self, entrypoint: str) -> bool:
        """Does this plugin hold the first package, or the module, that an entrypoint names?"""
        first = _split_module(entrypoint).partition(".")[0]
        return self.find_file(first) is not None or (self.folder / first).is_dir()

    def find_file(self, module_name: str) -> Path | None:
        """Return the file of a module of this plugin, or None."""
        stem = self.folder.joinpath(*module_name.split("."))
        candidates = (stem.with_suffix(".py"), stem / "__init__.py")
        return next((file for file in candidates if file.is_file()), None)

    def iter_actions(self, packages: Iterator[str] | list[str]) -> Iterator[SourceAction]:
        """Yield the concrete actions of the named top-level packages, in order of file and line."""
        for package in packages:
            root = self.folder / package
            files = sorted(root.rglob("*.py")) if root.is_dir() else [root.with_suffix(".py")]
            for file in files:
                if "__pycache__" in file.parts or not file.is_file():
                    continue
                module = self._find_module(_module_name(file.relative_to(self.folder)))
                if module is None:
                    continue
                for class_name in module.classes:
                    if self._is_action(module, class_name) and not self._is_abstract(module, class_name):
                        yield self._describe(module, class_name)

    def _find_module(self, name: str) -> _Module | None:
        if name not in self._modules:
            file = self.find_file(name)
            self._modules[name] = None if file is None else _parse(name, file, self.folder)
        return self._modules[name]

    def _describe(self, module: _Module, class_name: str) -> SourceAction:
        values: dict[str, str | None] = {}
        unknown: set[str] = set()
        action_name = None
        for owner, definition in self._lineage(module, class_name):
            assigned = _assignments(definition)
            named = assigned.get("action_name")
            if action_name is None and isinstance(named, ast.Constant) and isinstance(named.value, str):
                action_name = named.value
            for name in SYNCED:
                if name not in assigned or name in values or name in unknown:
                    continue
                known, text = self._read_value(owner, name, assigned[name])
                if known:
                    values[name] = text
                else:
                    unknown.add(name)
        definition = module.classes[class_name]
        return SourceAction(
            class_name, module.name, module.file, definition.lineno, action_name, values, frozenset(unknown)
        )

    def _lineage(self, module: _Module, class_name: str) -> Iterator[tuple[_Module, ast.ClassDef]]:
        """Yield a class and its bases inside the plugin, nearest first."""
        waiting = [(module, class_name)]
        for _ in range(MAX_BASES):
            if not waiting:
                return
            owner, name = waiting.pop(0)
            definition = owner.classes[name]
            yield owner, definition
            found = (self._find_class(owner, _base_name(base)) for base in definition.bases)
            waiting += [place for place in found if place is not None]

    def _find_class(self, module: _Module, name: str) -> tuple[_Module, str] | None:
        """Follow a name to a class of this plugin, also through modules that only pass it on."""
        if name in module.classes:
            return module, name
        origin = self._find_origin(module, name)
        target_module, _, target = origin.rpartition(".")
        target_source = self._find_module(target_module) if target_module else None
        if target_source is not None and target in target_source.classes:
            return target_source, target
        return None

    def _find_origin(self, module: _Module, name: str) -> str:
        """Follow a name from import to import of this plugin; return where it comes from, dotted."""
        origin = _resolve(module, name)
        for _ in range(MAX_BASES):
            owner_name, _, last = origin.rpartition(".")
            owner = self._find_module(owner_name) if owner_name else None
            if owner is None or last in owner.classes or last not in owner.imports:
                break
            origin = owner.imports[last]
        return origin

    def _is_action(self, module: _Module, class_name: str) -> bool:
        return self._derives(module, class_name, ACTION_BASES | WHOLE_BASES)

    def _derives(self, module: _Module, class_name: str, names: frozenset[str]) -> bool:
        return any(
            origin.startswith("synapse_sdk.") and origin.rpartition(".")[2] in names
            for owner, definition in self._lineage(module, class_name)
            for origin in (self._find_origin(owner, _base_name(base)) for base in definition.bases)
        )

    def _is_abstract(self, module: _Module, class_name: str) -> bool:
        for _, definition in self._lineage(module, class_name):
            for node in reversed(definition.body):
                if isinstance(node, _FUNCTIONS) and node.name in _ENTRIES:
                    marks = [_dotted(mark) or "" for mark in node.decorator_list]
                    return any(mark.rpartition(".")[2] == "abstractmethod" for mark in marks)
        return not self._derives(module, class_name, WHOLE_BASES)

    def _read_value(self, module: _Module, name: str, value: ast.expr | None) -> tuple[bool, str | None]:
        """Return whether the source tells the value, and the value."""
        if value is None:
            return False, None
        if isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, str)):
            return True, value.value
        dotted = _dotted(value)
        if dotted is None:
            return False, None
        origin = self._find_origin(module, dotted)
        if name == "method":
            # RunMethod.JOB: the member's name in lower case is its value.
            owner, _, member = origin.rpartition(".")
            return (True, member.lower()) if owner.endswith("RunMethod") else (False, None)
        owner, _, type_name = origin.rpartition(".")
        if owner in ("synapse_sdk.plugins.types", "synapse_sdk.plugins"):
            found = getattr(types, type_name, None)
            return (True, found.name) if _is_data_type(found) else (False, None)
        own = self._find_class(module, dotted)
        if own is not None:
            literal = _assignments(own[0].classes[own[1]]).get("name")
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                return True, literal.value
        return False, None


def _split_module(entrypoint: str) -> str:
    from synapse_sdk.plugins.importing import split_entrypoint

    return split_entrypoint(entrypoint)[0]


def parse_file(file: Path, *, shown_as: str) -> ast.Module:
    """Parse a Python file.

    Raises:
        ValidationError: It is not Python; the message has file, line and column.
    """
    try:
        return ast.parse(file.read_bytes())
    except SyntaxError as error:
        raise ValidationError(
            f"{shown_as}:{error.lineno or 1}:{error.offset or 1}: this is not Python: {error.msg}",
            {"file": shown_as, "line": error.lineno, "column": error.offset},
        ) from error
    except ValueError as error:  # null bytes
        raise ValidationError(f"{shown_as}:1:1: this is not Python: {error}", {"file": shown_as}) from error


def _parse(name: str, file: Path, folder: Path) -> _Module:
    tree = parse_file(file, shown_as=file.relative_to(folder).as_posix())
    module = _Module(name, file)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            origin = origin_package(node, package)
            for alias in node.names:
                module.imports[alias.asname or alias.name] = f"{origin}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                module.imports[local] = alias.name if alias.asname else local
    module.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return module


def origin_package(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - (node.level - 1)]
    return ".".join([*base, node.module] if node.module else base)


def _module_name(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_data_type(value: object) -> TypeGuard[type[types.DataType]]:
    return isinstance(value, type) and issubclass(value, types.DataType)


def _resolve(module: _Module, dotted: str) -> str:
    first, _, rest = dotted.partition(".")
    origin = module.imports.get(first, first)
    return f"{origin}.{rest}" if rest else origin


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := _dotted(node.value)) is not None:
        return f"{inner}.{node.attr}"
    return None


def _base_name(node: ast.expr) -> str:
    return _dotted(node.value if isinstance(node, ast.Subscript) else node) or ""


def _assignments(definition: ast.ClassDef) -> dict[str, ast.expr | None]:
    """Return what a class body assigns: the last value of each name, None where only running it tells."""
    found: dict[str, ast.expr | None] = {}
    for node in definition.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = None
        elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
            found |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name) and node.value is not None:
                found[node.target.id] = node.value
        else:
            found |= {
                inner.id: None
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
            }
    return found


def _bound_names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    # A definition inside `if` or `try` counts as well: which branch runs is not ours to guess.
    return {
        name
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.stmt)
        for name in _bound_names(child)
    }
