"""httpx, loaded when the first request needs it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast


def load_httpx() -> None:
    """Load httpx, without the command line that it has itself.

    Where rich and pygments are installed, as in many environments of ML, that command brings both along: a
    third of the time until the first request. Without it `httpx.main` says that it is not installed.
    """
    if "httpx" in sys.modules:
        return
    command = "httpx._main"
    # So that importing it fails, as it does without httpx's extra for it.
    cast("dict[str, ModuleType | None]", sys.modules)[command] = None
    try:
        import httpx  # noqa: F401
    finally:
        del sys.modules[command]
