"""What names of a plugin's module stand for, worked out from its source without running the module.

A definition is *literal* when evaluating it runs nothing of the author's: constants, enums, pydantic models
whose fields are written out, calls such as `Field(…)` with constants, names of a few well-known libraries and
of the SDK. Literal definitions are evaluated, one by one and as they are needed; the rest of the module is
not. Anything else is *not literal*, and is said to be, never guessed.

Validators and methods of a model have no place in a schema and are left out, so a model that comes from here
describes values and does not check them.
"""

from __future__ import annotations

import ast
import builtins
import enum
import functools
import importlib
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from pydantic import BaseModel

from synapse_sdk.plugins.errors import ValidationError
from synapse_sdk.plugins.source import PluginSource, origin_package, parse_file

#: Packages whose names mean here what they mean in the plugin: importing them runs none of its code.
KNOWN_PACKAGES = frozenset(
    {
        *("__future__", "annotated_types", "collections", "datetime", "decimal", "enum", "ipaddress", "math"),
        *("pathlib", "pydantic", "synapse_sdk", "typing", "typing_extensions", "uuid"),
    }
)
#: Callables of those packages whose call makes a value, and does nothing else.
_MAKERS = {
    "annotated_types": ("Ge", "Gt", "Interval", "Le", "Len", "Lt", "MaxLen", "MinLen", "MultipleOf"),
    "datetime": ("date", "datetime", "time", "timedelta"),
    "decimal": ("Decimal",),
    "enum": ("auto",),
    "pathlib": ("Path", "PurePath", "PurePosixPath"),
    "pydantic": (
        *("AliasChoices", "AliasPath", "ConfigDict", "Field", "PrivateAttr", "SecretBytes", "SecretStr"),
        *("Strict", "StringConstraints", "conbytes", "condate", "condecimal", "confloat", "confrozenset"),
        *("conint", "conlist", "conset", "constr"),
    ),
    "typing": ("TypeVar",),
    "uuid": ("UUID",),
}
_BUILTIN_TYPES = frozenset(
    {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple", "type"}
)
_METHOD_MARKS = frozenset({"classmethod", "property", "staticmethod"})
#: Special methods that no schema asks.
_HARMLESS_METHODS = frozenset({"__str__", "__repr__", "__hash__"})
#: Modes of pydantic's validators that leave a schema as it is.
_HARMLESS_MODES = frozenset({"after", "before", "wrap"})
#: Calls that are given a class and leave it as it is.
_PURE_CALLS = frozenset({"Field", "TypeVar", "TypeAdapter", "action"})
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv)
_AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (
    ast.ClassDef,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
)


class NotLiteralError(Exception):
    """The source does not tell; the message says what is in the way, with file and line."""


class LiteralSource:
    """The modules of one plugin folder, each read when first needed, once."""

    def __init__(self, source: PluginSource) -> None:
        self._source = source
        self._modules: dict[str, LiteralModule | None] = {}
        #: Models that are the plugin's, whole: those that lost validators or methods here can make no values.
        self.whole_models: set[type] = set()

    def find_module(self, name: str) -> LiteralModule | None:
        """Return the plugin's module of this name, or None when the plugin has none.

        Raises:
            NotLiteralError: It is not Python, or it takes the name of a known library.
        """
        if name not in self._modules:
            file = self._source.find_file(name)
            if file is not None and name.partition(".")[0] in KNOWN_PACKAGES:
                raise NotLiteralError(f"{file.name} has the name of a library")
            self._modules[name] = None if file is None else LiteralModule(name, file, self)
        return self._modules[name]


class LiteralModule:
    """One file: what its top level binds, and the values of what is literal."""

    def __init__(self, name: str, file: Path, source: LiteralSource) -> None:
        self.name = name
        self.file = file
        self._source = source
        self._package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        try:
            self._tree = parse_file(file, shown_as=file.name)
        except ValidationError as error:
            raise NotLiteralError(error.message) from error
        self._bindings = _read_bindings(self._tree)
        self._values: dict[str, Any] = {"__name__": name, "__builtins__": vars(builtins)}
        self._open: set[str] = set()

    def refuse(self, node: ast.AST | None, why: str) -> NotLiteralError:
        """Build the error for a place in this file."""
        return NotLiteralError(f"{self.file.name}:{getattr(node, 'lineno', 1)}: {why}")

    def find_definition(self, name: str) -> tuple[LiteralModule, ast.stmt] | None:
        """Follow a name to the statement of the plugin that defines it; None when it comes from elsewhere.

        Raises:
            NotLiteralError: It is bound more than once, nowhere, or under a condition.
        """
        statement = self._find_binding(name)
        if isinstance(statement, ast.ImportFrom):
            owner, original = self._follow(statement, name)
            return owner.find_definition(original) if isinstance(owner, LiteralModule) else None
        return None if isinstance(statement, ast.Import) else (self, statement)

    def evaluate(self, expression: ast.expr) -> Any:
        """Return the value of a literal expression.

        Raises:
            NotLiteralError: It is none.
        """
        self._admit(expression)
        # Without the `from __future__` of this file: annotations are to be values.
        code = compile(ast.Expression(expression), str(self.file), "eval", dont_inherit=True)
        return eval(code, self._values)  # noqa: S307 - of what was admitted, which runs nothing of the author's

    def _find_binding(self, name: str) -> ast.stmt:
        found = self._bindings.get(name, [])
        if not found:
            raise self.refuse(None, f"the file does not define {name}")
        if len(found) != 1 or "*" in self._bindings:
            raise self.refuse(found[-1], f"{name} is not bound once, and plainly")
        if not isinstance(found[0], _DEFINITIONS):
            raise self.refuse(found[0], f"what {name} is depends on what runs")
        return found[0]

    def _follow(self, statement: ast.ImportFrom, name: str) -> tuple[LiteralModule | ModuleType, str]:
        """Return where `from … import name` takes it from, and what it is called there."""
        original = next(alias.name for alias in statement.names if (alias.asname or alias.name) == name)
        dotted = origin_package(statement, self._package)
        own = self._source.find_module(dotted)
        return (own if own is not None else self._import_known(statement, dotted)), original

    def _import_known(self, statement: ast.AST, dotted: str) -> ModuleType:
        if dotted.partition(".")[0] not in KNOWN_PACKAGES or self._source.find_module(dotted) is not None:
            raise self.refuse(statement, f"{dotted} has to be imported")
        try:
            return importlib.import_module(dotted)
        except ImportError as error:
            raise self.refuse(statement, f"{dotted} can not be imported: {error}") from error

    def _need(self, name: str, user: ast.AST) -> Any:
        """Return what a name stands for, and have it ready for what uses it."""
        if name not in self._values:
            if name not in self._bindings and name in _BUILTIN_TYPES:
                return getattr(builtins, name)
            if name in self._open:
                raise self.refuse(user, f"{name} is needed to define itself")
            self._open.add(name)
            try:
                self._values[name] = self._make(name, self._find_binding(name))
            finally:
                self._open.discard(name)
        return self._values[name]

    def _make(self, name: str, statement: ast.stmt) -> Any:
        if isinstance(statement, ast.ImportFrom):
            owner, original = self._follow(statement, name)
            if isinstance(owner, LiteralModule):
                return owner._need(original, statement)  # noqa: SLF001 - of its own class
            if hasattr(owner, original):
                return getattr(owner, original)
            return self._import_known(statement, f"{owner.__name__}.{original}")
        if isinstance(statement, ast.Import):
            alias = next(
                item for item in statement.names if (item.asname or item.name.partition(".")[0]) == name
            )
            module = self._import_known(statement, alias.name)
            return module if alias.asname else importlib.import_module(name)
        if isinstance(statement, ast.ClassDef):
            self._refuse_changed(statement)
            return self._make_class(statement)
        value = getattr(statement, "value", None)
        if value is None:
            raise self.refuse(statement, f"{name} is no constant")
        return self.evaluate(value)

    def _refuse_changed(self, definition: ast.ClassDef) -> None:
        """Refuse a class that the module hands to something that may change it: `register(Params)`."""
        own = {node.name for node in ast.walk(self._tree) if isinstance(node, ast.ClassDef | _AnyFunction)}
        for node in _iter_run_at_import(self._tree):
            if (place := _find_change(node, definition.name, _PURE_CALLS - own)) is not None:
                raise self.refuse(place, f"this may change {definition.name}")

    def _make_class(self, definition: ast.ClassDef) -> type:
        name = definition.name
        if definition.decorator_list:
            raise self.refuse(definition, f"{name} has a decorator")
        bases = [self.evaluate(base) for base in definition.bases]
        for keyword in definition.keywords:
            if keyword.arg in (None, "metaclass", "use_attribute_docstrings"):
                raise self.refuse(definition, f"{name} is made by more than its bases")
            self._admit(keyword.value)
        is_enum = any(isinstance(base, enum.EnumMeta) for base in bases)
        if not is_enum and not any(_is_model(base) for base in bases):
            raise self.refuse(definition, f"{name} is no model and no enum")
        body = [node for node in definition.body if self._shapes_schema(name, node, is_enum=is_enum)]
        self._admit_body(body)
        made = ast.ClassDef(
            name=name,
            bases=definition.bases,
            keywords=definition.keywords,
            body=body or [ast.copy_location(ast.Pass(), definition)],
            decorator_list=[],
        )
        tree = ast.Module([ast.copy_location(made, definition)], [])
        code = compile(tree, str(self.file), "exec", dont_inherit=True, optimize=0)
        exec(code, self._values)  # noqa: S102 - of what was admitted, which runs nothing of the author's
        result: type = self._values[name]
        if len(body) == len(definition.body):
            self._source.whole_models.add(result)
        return result

    def _shapes_schema(self, owner: str, node: ast.stmt, *, is_enum: bool) -> bool:
        """Has a member a say in the schema? Validators and methods have none."""
        if not isinstance(node, _AnyFunction):
            return True
        is_special = node.name.startswith(("__", "model_")) or (is_enum and node.name.startswith("_"))
        if is_special and node.name not in _HARMLESS_METHODS:
            raise self.refuse(node, f"{owner}.{node.name} may shape the schema")
        for mark in node.decorator_list:
            if not self._is_harmless_mark(mark):
                raise self.refuse(node, f"{owner}.{node.name} has a decorator that may shape the schema")
        return False

    def _is_harmless_mark(self, mark: ast.expr) -> bool:
        if isinstance(mark, ast.Name):
            return mark.id in _METHOD_MARKS and mark.id not in self._bindings
        import pydantic

        if not isinstance(mark, ast.Call):
            return False
        if self._look_up(mark.func) not in (pydantic.field_validator, pydantic.model_validator):
            return False
        modes = [item.value for item in mark.keywords if item.arg == "mode"]
        others = {item.arg for item in mark.keywords} - {"mode", "check_fields"}
        return not others and all(
            isinstance(mode, ast.Constant) and mode.value in _HARMLESS_MODES for mode in modes
        )

    def _admit_body(self, body: list[ast.stmt]) -> None:
        own_names = frozenset(_iter_stored(body))
        for node in body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if _is_text(node.annotation):
                    raise self.refuse(node, "a type in quotes")
                self._admit(node.annotation, own_names)
                if node.value is not None:
                    self._admit(node.value, own_names)
            elif isinstance(node, ast.Assign) and all(isinstance(item, ast.Name) for item in node.targets):
                self._admit(node.value, own_names)
            elif not (isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and _is_text(node.value))):
                raise self.refuse(node, "a statement in a class that may do anything")

    def _admit(self, node: ast.expr, own_names: frozenset[str] = frozenset()) -> None:
        """Check that evaluating an expression runs nothing of the author's; have ready what it needs.

        Args:
            node: The expression.
            own_names: What the class body around it binds; a name of those need not be the module's.
        """
        match node:
            case ast.Constant():
                return
            case ast.Name():
                if node.id not in own_names or node.id in self._bindings:
                    self._need(node.id, node)
            case ast.Attribute():
                self._look_up(node)
            case ast.Call():
                self._admit_call(node, own_names)
            case ast.BinOp(op=ast.BitOr()):
                self._admit(node.left, own_names)
                self._admit(node.right, own_names)
            case ast.BinOp():
                if _kind_of(node) is None:
                    raise self.refuse(node, f"{_quote(node)} has to be worked out")
            case ast.Subscript():
                self._refuse_quoted_types(node)
                self._admit(node.value, own_names)
                self._admit(node.slice, own_names)
            case ast.Tuple() | ast.List() | ast.Set():
                for item in node.elts:
                    self._admit(item, own_names)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if key is None or (
                        isinstance(key, ast.Constant) and key.value == "use_attribute_docstrings"
                    ):
                        raise self.refuse(node, "descriptions that only running it would tell")
                    self._admit(key, own_names)
                    self._admit(value, own_names)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float())):
                return
            case _:
                raise self.refuse(node, f"{_quote(node)} has to be run")

    def _refuse_quoted_types(self, node: ast.Subscript) -> None:
        """`list["Item"]` means a class that is not there yet; `Literal["item"]` means a text."""
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(_is_text(item) for item in inner):
            origin = self._look_up(node.value)
            is_noted = origin is typing.Annotated and not _is_text(inner[0])
            if origin is not typing.Literal and not is_noted:
                raise self.refuse(node, "a type in quotes")

    def _admit_call(self, node: ast.Call, own_names: frozenset[str]) -> None:
        maker = self._look_up(node.func)
        if maker not in _list_makers() and not self._is_whole_model(maker):
            raise self.refuse(node, f"{_quote(node.func)}(…) has to be run")
        for argument in node.args:
            self._admit(argument, own_names)
        for keyword in node.keywords:
            if keyword.arg in (None, "use_attribute_docstrings"):
                raise self.refuse(node, "arguments that only running it would tell")
            # A default that is made anew each time has no place in a schema: nothing calls it here.
            if not (keyword.arg == "default_factory" and isinstance(keyword.value, ast.Lambda)):
                self._admit(keyword.value, own_names)

    def _is_whole_model(self, maker: Any) -> bool:
        """Is it a model of the plugin that makes values as the imported one would?"""
        return _is_model(maker) and all(
            base in self._source.whole_models or base.__module__.startswith(("pydantic.", "builtins"))
            for base in maker.__mro__
        )

    def _look_up(self, node: ast.expr) -> Any:
        """Return the value of a name, or of a dotted one below a module or an enum."""
        if isinstance(node, ast.Name):
            return self._need(node.id, node)
        if isinstance(node, ast.Attribute) and not node.attr.startswith("_"):
            owner = self._look_up(node.value)
            if isinstance(owner, ModuleType | enum.EnumMeta | enum.Enum) and hasattr(owner, node.attr):
                return getattr(owner, node.attr)
        raise self.refuse(node, f"{_quote(node)} has to be run")


def _is_model(value: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(value, type) and issubclass(value, BaseModel)


@functools.cache
def _list_makers() -> list[Any]:
    return [
        getattr(importlib.import_module(package), name)
        for package, names in _MAKERS.items()
        for name in names
    ]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _kind_of(node: ast.expr) -> type | None:
    """Return float for arithmetic of numbers, str for a sum of texts: what stays as small as it looks."""
    if isinstance(node, ast.UnaryOp):
        return _kind_of(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
        kind = _kind_of(node.left)
        is_allowed = kind is float or isinstance(node.op, ast.Add)
        return kind if is_allowed and kind is _kind_of(node.right) else None
    if isinstance(node, ast.Constant):
        return float if type(node.value) in (int, float) else str if isinstance(node.value, str) else None
    return None


def _quote(node: ast.expr) -> str:
    return ast.unparse(node)[:60]


def _read_bindings(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Return by name the top-level statements that bind it; a function that says `global` is one."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in _iter_bound(statement):
            found.setdefault(name, []).append(statement)
    return found


def _iter_bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.ClassDef | _AnyFunction):
        yield statement.name
        yield from _iter_globals(statement)
        return
    yield from _iter_stored([statement])
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.ClassDef | _AnyFunction):
            yield node.name
    yield from _iter_globals(statement)


def _iter_globals(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Global):
            yield from node.names


def _iter_stored(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                yield node.id


def _iter_run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that importing the module runs: all but what is inside functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "__name__ == '__main__'":
            continue
        if isinstance(child, _AnyFunction):
            for mark in child.decorator_list:
                yield mark
                yield from _iter_run_at_import(mark)
            continue
        if not isinstance(child, ast.Lambda):
            yield child
            yield from _iter_run_at_import(child)


def _find_change(node: ast.AST, name: str, pure_calls: frozenset[str]) -> ast.AST | None:
    """Return where a node may change the class of this name: given to a call, or an owner of what is set."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)) if owner == name:
            if method != "model_rebuild":
                return node
        case ast.Call(func=ast.Name(id=marker) | ast.Attribute(attr=marker)) if marker in pure_calls:
            return None
        case ast.Call():
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(_mentions(item, name) for item in given):
                return node
        case ast.Attribute(value=ast.Name(id=owner), ctx=ast.Store() | ast.Del()) if owner == name:
            return node
    return None


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))
