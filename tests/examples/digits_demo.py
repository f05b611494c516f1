"""The digits example as the tests use it: a copy of its files, and its demo's functions."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

EXAMPLE = Path(__file__).parents[2] / "examples/digits"


def copy_example(folder: Path) -> None:
    """Copy the example to `folder`, without what earlier runs of a developer left in it."""
    leftovers = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".synapse", "outputs")
    shutil.copytree(EXAMPLE, folder, ignore=leftovers)


def _load() -> ModuleType:
    # A script, and no part of a package: it can not be imported by name.
    spec = importlib.util.spec_from_file_location("digits_demo", EXAMPLE / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their types
    sys.path.insert(0, str(EXAMPLE))  # as Python does for a script: `demo_server` lies beside it
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(EXAMPLE))
    return module


demo = _load()
