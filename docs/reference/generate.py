"""Write the reference pages from the product itself: `python docs/reference/generate.py`.

`cli.md` comes from the command tree, `python.md` from the public modules, `api.md` from the server's OpenAPI. They
say only what the code says; the tests compare them with a fresh run.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any, Generic, is_typeddict

import click
from api_page import build_api_page, read_openapi
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

HERE = Path(__file__).parent
#: Where most names are imported from; each is described in the module that it lives in.
FRONT_DOOR = "synapse_sdk.plugins"
#: The modules that authors and their tests import from, in the order in which they meet them.
MODULES = (
    "synapse_sdk.plugins.action",
    "synapse_sdk.plugins.actions.train.action",
    "synapse_sdk.plugins.actions.train.context",
    "synapse_sdk.plugins.actions.inference.action",
    "synapse_sdk.plugins.actions.inference.context",
    "synapse_sdk.plugins.actions.inference.deployment",
    "synapse_sdk.plugins.actions.inference.serve",
    "synapse_sdk.plugins.actions.export.action",
    "synapse_sdk.plugins.actions.export.context",
    "synapse_sdk.plugins.actions.export.exporter",
    "synapse_sdk.plugins.actions.export.models",
    "synapse_sdk.plugins.actions.dataset.action",
    "synapse_sdk.plugins.actions.dataset.models",
    "synapse_sdk.plugins.actions.to_task.action",
    "synapse_sdk.plugins.actions.to_task.models",
    "synapse_sdk.plugins.actions.auto_label.action",
    "synapse_sdk.plugins.actions.upload.action",
    "synapse_sdk.plugins.actions.upload.context",
    "synapse_sdk.plugins.steps",
    "synapse_sdk.plugins.decorators",
    "synapse_sdk.plugins.context",
    "synapse_sdk.plugins.log_messages",
    "synapse_sdk.i18n",
    "synapse_sdk.plugins.types",
    "synapse_sdk.plugins.enums",
    "synapse_sdk.plugins.schemas",
    "synapse_sdk.plugins.result",
    "synapse_sdk.plugins.errors",
    "synapse_sdk.plugins.runner",
    "synapse_sdk.plugins.executors.local",
    "synapse_sdk.plugins.config",
    "synapse_sdk.plugins.ui_schema",
    "synapse_sdk.plugins.discovery",
    "synapse_sdk.plugins.events",
    "synapse_sdk.plugins.terminal",
    "synapse_sdk.plugins.run_record",
    "synapse_sdk.plugins.metric_series",
    "synapse_sdk.workspace",
    "synapse_sdk.settings",
    "synapse_sdk.clients.backend",
    "synapse_sdk.exceptions",
)
BUILT = "<!-- Written by docs/reference/generate.py (make docs); change the code instead. -->\n"


def main() -> None:
    """Write the pages beside this file."""
    for name, text in build_pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


def build_pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {
        "cli.md": build_cli_page(),
        "python.md": build_python_page(),
        "api.md": BUILT + build_api_page(read_openapi()),
    }


def build_cli_page() -> str:
    """Return the page of every command and option."""
    from synapse_sdk.cli.rim import build_cli

    parts = [
        BUILT,
        "# Commands\n",
        "Every command answers `--help`, or `-h`. Results go to stdout, what is said about them to stderr.",
        "What the exit codes mean: [Running actions](../guide/running.md#exit-codes).\n",
    ]
    commands = list(iter_commands(build_cli()))
    parts.append("| command | what it does |\n| --- | --- |")
    parts += [_row_of(path, command) for path, command in commands if _does_something(command)]
    parts.append("")
    for path, command in commands:
        parts.append(_describe_command(path, command))
    return "\n".join(parts).rstrip() + "\n"


def _does_something(command: click.Command) -> bool:
    """Is it more than a name before other commands?"""
    return not isinstance(command, click.Group) or command.invoke_without_command


def iter_commands(command: click.Command, path: str = "synapse") -> Iterator[tuple[str, click.Command]]:
    """Yield every command of a tree with the words that call it, groups before their commands."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from iter_commands(child, f"{path} {name}")


def build_python_page() -> str:
    """Return the page of every public name."""
    parts = [
        BUILT,
        "# Python\n",
        "Names that authors and their tests import. What is not listed here may change at any time.\n",
        f"## {FRONT_DOOR}\n",
        f"{_first_line(import_module(FRONT_DOOR).__doc__)}\n",
        "| name | lives in | what it is |\n| --- | --- | --- |",
    ]
    parts += [
        f"| [`{name}`](#{name.lower()}) | `{value.__module__}` | {_escape(_first_line(value.__doc__))} |"
        for name, value in iter_public(FRONT_DOOR)
    ]
    parts.append("")
    parts += [_describe_module(name) for name in MODULES]
    return "\n".join(parts).rstrip() + "\n"


def iter_public(name: str) -> Iterator[tuple[str, Any]]:
    """Yield the public names of a module: those of `__all__`, else the classes and functions it defines."""
    module = import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is not None:
        yield from ((item, getattr(module, item)) for item in sorted(listed))
        return
    for item, value in vars(module).items():
        if not item.startswith("_") and getattr(value, "__module__", None) == name and callable(value):
            yield item, value


def _describe_command(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    lines = [f"## {path}\n", f"```text\n{usage}\n```\n", f"{inspect.cleandoc(command.help or '')}\n"]
    if isinstance(command, click.Group):
        lines.append("| command | what it does |\n| --- | --- |")
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                word = f"{path} {name}"
                lines.append(
                    f"| [`{word}`](#{word.replace(' ', '-')}) | {_escape(_first_line(child.help))} |"
                )
        lines.append("")
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    if options:
        lines.append("| option | short | value | default | what it does |\n| --- | --- | --- | --- | --- |")
        lines += [_describe_option(option) for option in options]
        lines.append("")
    return "\n".join(lines)


def _row_of(path: str, command: click.Command) -> str:
    return f"| [`{path}`](#{path.replace(' ', '-')}) | {_escape(_first_line(command.help))} |"


def _describe_option(option: click.Option) -> str:
    names = [*option.opts, *option.secondary_opts]
    long = "/".join(f"`{name}`" for name in names if name.startswith("--"))
    short = " ".join(f"`{name}`" for name in names if not name.startswith("--"))
    cells = (long, short, _value_of(option), _default_of(option), _escape(option.help or ""))
    return "| " + " | ".join(cells) + " |"


def _value_of(option: click.Option) -> str:
    if option.is_flag:
        return ""
    kind = option.type
    if isinstance(kind, click.IntRange):
        value = f"integer, {kind.min} or more" if kind.max is None else f"integer, {kind.min} to {kind.max}"
    else:
        value = f"`{option.metavar or kind.name.upper()}`"
    return f"{value}; repeatable" if option.multiple else value


def _default_of(option: click.Option) -> str:
    default = option.default
    if option.is_flag:
        return ("on" if default is True else "off") if option.secondary_opts else ""
    if isinstance(default, str | int | Path) and not isinstance(default, bool):
        return f"`{default}`"
    return ""


def _describe_module(name: str) -> str:
    module = import_module(name)
    parts = [f"## {name}\n", f"{_first_line(module.__doc__)}\n"]
    parts += [_describe_name(item, value) for item, value in iter_public(name)]
    return "\n".join(parts)


def _describe_name(name: str, value: Any) -> str:
    if inspect.isclass(value):
        return f"### {name}\n\n{_describe_class(name, value)}"
    return (
        f"### {name}\n\n```python\ndef {name}{_signature(value)}: ...\n```\n\n{_first_line(value.__doc__)}\n"
    )


def _describe_class(name: str, cls: type) -> str:
    bases = ["NamedTuple"] if _is_named_tuple(cls) else [base.__name__ for base in cls.__bases__]
    parents = ", ".join(base for base in bases if base not in ("object", "Generic"))
    head = f"class {name}({parents}):" if parents else f"class {name}:"
    members = list(_iter_members(cls))
    body = "".join(f"\n    {member}" for member in members) if members else " ..."
    parts = [f"```python\n{head}{body}\n```\n", f"{_first_line(cls.__doc__)}\n"]
    if methods := [*_iter_methods(cls)]:
        parts.append("\n".join(methods) + "\n")
    return "\n".join(parts)


def _iter_members(cls: type) -> Iterator[str]:
    """Yield the lines that say what a class holds, and how an instance is made."""
    if issubclass(cls, Enum):
        yield from (f"{member.name} = {member.value!r}" for member in cls)
    elif issubclass(cls, BaseModel):
        for name, annotation in _annotations(cls).items():
            if name in cls.model_fields:
                yield f"{name}: {annotation}{_field_default(cls.model_fields[name])}"
    elif is_typeddict(cls) or hasattr(cls, "__dataclass_fields__") or _is_named_tuple(cls):
        yield from (f"{name}: {annotation}" for name, annotation in _annotations(cls).items())
    else:
        for name, value in vars(cls).items():
            if not name.startswith("_") and (value is None or isinstance(value, str | int | float)):
                yield f"{name} = {_literal(value)}"
        if isinstance(vars(cls).get("__init__"), FunctionType):
            yield f"def __init__{_signature(vars(cls)['__init__'], keeps_self=True)}: ..."


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _iter_methods(cls: type) -> Iterator[str]:
    for name, value in vars(cls).items():
        if name.startswith("_") or (issubclass(cls, Enum) and name in cls.__members__):
            continue
        if isinstance(value, property | cached_property):
            getter = value.fget if isinstance(value, property) else value.func
            kind = inspect.signature(getter).return_annotation  # type: ignore[arg-type]
            yield f"- `{name}: {kind}`: {_first_line(getter.__doc__)}"
            continue
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(function, FunctionType) and function.__qualname__.startswith(f"{cls.__name__}."):
            yield f"- `{name}{_signature(function)}`: {_first_line(function.__doc__)}"


def _annotations(cls: type) -> Mapping[str, str]:
    found = inspect.get_annotations(cls)
    return {name: str(getattr(kind, "__forward_arg__", kind)) for name, kind in found.items()}


def _field_default(field: Any) -> str:
    if field.default_factory is not None:
        return f" = {field.default_factory()!r}"
    return "" if field.default is PydanticUndefined else f" = {_literal(field.default)}"


def _signature(function: Any, *, keeps_self: bool = False) -> str:
    """Write a signature as its author did: annotations without quotes; `self` left out unless told."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return "(…)"
    shown, seen_star = [], False
    for index, param in enumerate(signature.parameters.values()):
        if index == 0 and param.name in ("self", "cls") and not keeps_self:
            continue
        if param.kind is param.VAR_POSITIONAL:
            seen_star = True
        if param.kind is param.KEYWORD_ONLY and not seen_star:
            shown.append("*")
            seen_star = True
        prefix = {param.VAR_POSITIONAL: "*", param.VAR_KEYWORD: "**"}.get(param.kind, "")
        text = f"{prefix}{param.name}"
        if param.annotation is not param.empty:
            text += f": {param.annotation}"
        if param.default is not param.empty:
            text += f" = {_literal(param.default)}" if ":" in text else f"={_literal(param.default)}"
        shown.append(text)
    returns = signature.return_annotation
    end = "" if returns is signature.empty else f" -> {returns}"
    return f"({', '.join(shown)}){end}"


def _literal(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return value.__name__ if inspect.isfunction(value) or inspect.isclass(value) else repr(value)


def _first_line(text: str | None) -> str:
    return inspect.cleandoc(text).splitlines()[0] if text else ""


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


if __name__ == "__main__":
    main()
