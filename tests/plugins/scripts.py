"""Small programs in processes of their own, and plugin folders for them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli_process import Finished, private_environment, run_to_end

CONFIG = """\
name: {code}
code: {code}
version: 0.1.0
category: custom
actions:
  train:
    entrypoint: {entrypoint}
"""

ACTION = """\
from synapse_sdk.plugins import BaseAction
{imports}

class Train(BaseAction[dict]):
    def execute(self):
        {body}
        return {result}
"""


def run_python(
    source: str,
    folder: Path,
    *,
    args: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
) -> Finished:
    """Run `source` in a fresh interpreter in `folder`, warnings being errors as in this suite."""
    argv = [sys.executable, "-P", "-W", "error", "-c", textwrap.dedent(source), *args]
    home = folder / ".home"
    home.mkdir(exist_ok=True)
    environment = private_environment(home) | dict(env or {})
    return run_to_end(argv, cwd=folder, env=environment, timeout_s=timeout_s)


def say(source: str, folder: Path, *, args: Sequence[str] = (), timeout_s: float = 60.0) -> list[str]:
    """Run `source`, which must succeed; return the lines it printed."""
    finished = run_python(source, folder, args=args, timeout_s=timeout_s)
    assert finished.returncode == 0, finished
    return finished.stdout.splitlines()


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files from paths to texts."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def write_plugin_folder(
    folder: Path,
    *,
    code: str | None = None,
    entrypoint: str = "plugin.train:Train",
    imports: str = "",
    body: str = "pass",
    result: str | None = None,
    has_init: bool = True,
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write a plugin whose one action, `train`, returns `result`: its code unless told."""
    code = code or folder.name
    module = entrypoint.partition(":")[0].replace(".", "/")
    texts = {
        "config.yaml": CONFIG.format(code=code, entrypoint=entrypoint),
        f"{module}.py": ACTION.format(imports=imports, body=body, result=result or repr(code)),
    }
    if has_init:
        texts[f"{module.partition('/')[0]}/__init__.py"] = ""
    return write_files(folder, texts | dict(files or {}))
