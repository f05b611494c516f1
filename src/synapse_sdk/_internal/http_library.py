"""httpx, loaded when the first request needs it."""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import cast

_COMMAND = "httpx._main"
#: Threads that send their first request at the same time load it one after the other.
_loading = threading.Lock()


def load_httpx() -> None:
    """Load httpx, without the command line that it has itself.

    Where rich and pygments are installed, as in many environments of ML, that command brings both along: a
    third of the time until the first request. Without it `httpx.main` says that it is not installed.
    """
    with _loading:
        if "httpx" in sys.modules:
            return
        modules = cast("dict[str, ModuleType | None]", sys.modules)
        # So that importing it fails, as it does without httpx's extra for it.
        modules[_COMMAND] = None
        try:
            import httpx  # noqa: F401
        finally:
            modules.pop(_COMMAND, None)
