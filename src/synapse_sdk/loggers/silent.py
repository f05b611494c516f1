"""`NoOpLogger`: checks what it is told, and keeps it to itself."""

from __future__ import annotations

from typing import Any

from synapse_sdk.plugins.base_logger import BaseLogger
from synapse_sdk.plugins.enums import LogLevel


class NoOpLogger(BaseLogger):
    """For tests and tools that want no output. A call that is wrong elsewhere is wrong here too."""

    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        """Nothing is kept."""
