"""A plugin's actions → JSON schemas of their params and results, which forms are made from.

The author's code has to be imported for that. It is done in a process of its own: what the code prints,
changes or breaks while it is imported stays there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from synapse_sdk.plugins.config import PluginConfig

#: Importing a deep-learning framework from a cold disk takes tens of seconds.
TIMEOUT_S = 180.0


class ActionSchemas(NamedTuple):
    """What could be learnt."""

    #: `{action: {"params": JSON Schema | None, "result": JSON Schema | None}}`, every action of the config.
    schemas: dict[str, Any]
    #: One sentence for each action whose code could not be imported here.
    warnings: tuple[str, ...]


def make_schemas(
    folder: Path,
    config: PluginConfig,
    *,
    names: Collection[str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> ActionSchemas:
    """Import the actions of the plugin in `folder` in another process, and ask for their models' schemas.

    Args:
        folder: The plugin's.
        config: Its config.
        names: Only these actions; all unless given.
        timeout_s: Seconds until the process is ended.

    Code that can not be imported on this machine, for want of a package, say, stops nothing: its schemas are
    None, and there is a warning.
    """
    entrypoints = {
        name: action.entrypoint for name, action in config.actions.items() if names is None or name in names
    }
    empty = {name: {"params": None, "result": None} for name in entrypoints}
    with tempfile.TemporaryDirectory(prefix="synapse-schemas-") as scratch:
        answer = Path(scratch) / "answer.json"
        problem = _ask(folder, entrypoints, answer, timeout_s)
        if problem is not None:
            return ActionSchemas(empty, (f"no forms for this plugin's params: {problem}",))
        document = json.loads(answer.read_bytes())
    warnings = tuple(
        f"actions.{name}: no form for its params, because its code can not be imported here: {reason}"
        for name, reason in document["problems"].items()
    )
    return ActionSchemas({**empty, **document["schemas"]}, warnings)


def _ask(folder: Path, entrypoints: Mapping[str, str], answer: Path, timeout_s: float) -> str | None:
    """Run this module as a program; return what went wrong."""
    request = json.dumps(
        {"folder": str(folder.absolute()), "entrypoints": entrypoints, "answer": str(answer)}
    )
    try:
        finished = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=request,
            text=True,
            cwd=folder,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"importing its code took longer than {timeout_s:g} s"
    if finished.returncode == 0 and answer.is_file():
        return None
    last = (finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"])[-1]
    return f"importing its code ended the process: {last[:300]}"


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Import each action; this runs in the other process."""
    from synapse_sdk.plugins.as_action import as_action
    from synapse_sdk.plugins.importing import load_entrypoint

    schemas: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, entrypoint in request["entrypoints"].items():
        try:
            action = as_action(load_entrypoint(Path(request["folder"]), entrypoint, action=name), name=name)
            schemas[name] = {
                "params": _schema_of(getattr(action, "params_model", None)),
                "result": _schema_of(getattr(action, "result_model", None)),
            }
        except Exception as error:  # noqa: BLE001 - the border of the author's code
            lines = str(error).strip().splitlines()
            problems[name] = f"{type(error).__name__}: {lines[0][:300] if lines else ''}"
    return {"schemas": schemas, "problems": problems}


def _schema_of(model: Any) -> dict[str, Any] | None:
    from pydantic import BaseModel

    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    schema: dict[str, Any] = json.loads(json.dumps(model.model_json_schema(), allow_nan=False))
    return schema


if __name__ == "__main__":
    _request = json.load(sys.stdin)
    Path(_request["answer"]).write_text(json.dumps(_answer(_request)))
