"""The schemas of actions, by importing their modules in a process of its own.

What the author's code prints, changes or breaks while it is imported stays in that process. This module is
also the program that runs there.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

#: Importing a deep-learning framework from a cold disk takes tens of seconds.
TIMEOUT_S = 180.0
#: How much of what a module says while it is imported is kept: the last lines have the reason.
_TAIL_BYTES = 4096


class ImportedSchemas(NamedTuple):
    """What could be learnt."""

    #: By action: `{"params": JSON Schema | None, "result": …, "ui_schema": form | None}`.
    schemas: dict[str, Any]
    #: By action: why its code can not be imported here.
    problems: dict[str, str]
    #: Files outside of the plugin and of installed packages that were imported, with size and time (ns); and
    #: the folders of installed packages, with their time. When one changes, so may the schemas.
    stamps: dict[str, list[int]]


def import_schemas(
    folder: Path, entrypoints: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
) -> ImportedSchemas:
    """Import actions of the plugin in `folder` in another process, and ask for their models' schemas.

    Args:
        folder: The plugin's.
        entrypoints: By action.
        timeout_s: Seconds until the process is ended.

    Code that can not be imported on this machine, for want of a package, say, is a problem of its action;
    code that ends the process is one of all of them.
    """
    with tempfile.TemporaryDirectory(prefix="synapse-schemas-") as scratch:
        answer = Path(scratch) / "answer.json"
        problem = _ask(folder, entrypoints, answer, timeout_s)
        if problem is not None:
            return ImportedSchemas({}, dict.fromkeys(entrypoints, problem), {})
        return ImportedSchemas(**json.loads(answer.read_bytes()))


def describe_models(params: Any, result: Any) -> dict[str, Any]:
    """Return the JSON schemas of an action's models, and the form of its params.

    Raises:
        Exception: What pydantic raises for a model that has no JSON schema.
        ValueError: A schema holds a number that JSON does not have.
    """
    from synapse_sdk.plugins.ui_schema import pydantic_to_ui_schema

    has_form = _is_model(params)
    return {
        "params": _schema_of(params),
        "result": _schema_of(result),
        "ui_schema": _as_json(pydantic_to_ui_schema(params)) if has_form else None,
    }


def _is_model(model: Any) -> bool:
    from pydantic import BaseModel

    return isinstance(model, type) and issubclass(model, BaseModel)


def _schema_of(model: Any) -> Any:
    from synapse_sdk.plugins.ui_schema import build_json_schema

    return _as_json(build_json_schema(model)) if _is_model(model) else None


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


def _ask(folder: Path, entrypoints: Mapping[str, str], answer: Path, timeout_s: float) -> str | None:
    """Run this module as a program; return what went wrong."""
    request = json.dumps(
        {
            "folder": str(folder.absolute()),
            "entrypoints": dict(entrypoints),
            "answer": str(answer),
            "timeout_s": timeout_s,
        }
    )
    process = subprocess.Popen(
        # No bytecode is left: of a source that changes within a second, Python would take the old one.
        [sys.executable, "-P", "-B", "-m", __name__],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # what a module prints while it is imported is nobody's
        stderr=subprocess.PIPE,
        start_new_session=True,  # what it starts ends with it
    )
    told = _Tail(process.stderr)
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # type: ignore[union-attr]
            stdin.write(request.encode())
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return f"importing its code took longer than {timeout_s:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        text = told.close()
    if code == 0 and answer.is_file():
        return None
    last = (text.strip().splitlines() or [f"exit code {code}"])[-1]
    return f"importing its code ended the process: {last[:300]}"


class _Tail:
    """The end of what a process writes; the rest is read and forgotten."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._end = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while chunk := self._stream.read1(_TAIL_BYTES):
            self._end = (self._end + chunk)[-_TAIL_BYTES:]

    def close(self) -> str:
        """Return the end, when the process and all that it started have ended."""
        self._reader.join()
        self._stream.close()
        return self._end.decode(errors="replace")


def _answer(request: Mapping[str, Any]) -> ImportedSchemas:
    """Import each action; this runs in the other process."""
    from synapse_sdk.plugins.as_action import as_action
    from synapse_sdk.plugins.importing import load_entrypoint

    folder = Path(request["folder"])
    schemas: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, entrypoint in request["entrypoints"].items():
        try:
            action = as_action(load_entrypoint(folder, entrypoint, action=name), name=name)
            schemas[name] = describe_models(getattr(action, "params_model", None), action.result_model)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the border of the author's code
            lines = str(error).strip().splitlines()
            problems[name] = f"{type(error).__name__}: {lines[0][:300] if lines else ''}"
    return ImportedSchemas(schemas, problems, dict(_iter_stamps(folder)))


def _iter_stamps(plugin: Path) -> Iterator[tuple[str, list[int]]]:
    installed = {Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")}
    for site in sorted(installed):
        if site.is_dir():
            yield str(site), [site.stat().st_mtime_ns]
    known = [plugin, *installed, Path(sysconfig.get_path("stdlib")), Path(__file__).parents[1]]
    prefixes = tuple(f"{path}/" for path in known)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.startswith(prefixes) and Path(file).is_file():
            status = Path(file).stat()
            yield file, [status.st_mtime_ns, status.st_size]


if __name__ == "__main__":
    _request = json.load(sys.stdin)
    # Whoever asked may be killed meanwhile, and then nobody ends what never ends.
    signal.alarm(math.ceil(_request["timeout_s"]) + 1)
    Path(_request["answer"]).write_text(json.dumps(_answer(_request)._asdict()))
    # All is said: threads that a module started, and what it registered for the end, are not waited for.
    os._exit(0)
