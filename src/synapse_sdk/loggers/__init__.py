"""Loggers: what a run reports to, made by hand, as plugins from elsewhere and their tests do. A lazy door.

In a run there is one already: `ctx.logger`. Source: interface sheet `core.md` §4.2 to §4.4.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synapse_sdk.loggers.backend import BackendLogger as BackendLogger
    from synapse_sdk.loggers.console import ConsoleLogger as ConsoleLogger
    from synapse_sdk.loggers.console import TqdmLogger as TqdmLogger
    from synapse_sdk.loggers.job import JobLogger as JobLogger
    from synapse_sdk.loggers.silent import NoOpLogger as NoOpLogger
    from synapse_sdk.plugins.base_logger import BaseLogger as BaseLogger
    from synapse_sdk.plugins.models.log_entry import LogEntry as LogEntry
    from synapse_sdk.plugins.models.log_entry import LoggerBackend as LoggerBackend
    from synapse_sdk.plugins.models.log_entry import MessageLogData as MessageLogData
    from synapse_sdk.plugins.models.log_entry import ProgressData as ProgressData

_ENTRY = "synapse_sdk.plugins.models.log_entry"
_HOMES = {
    "BackendLogger": "synapse_sdk.loggers.backend",
    "BaseLogger": "synapse_sdk.plugins.base_logger",
    "ConsoleLogger": "synapse_sdk.loggers.console",
    "JobLogger": "synapse_sdk.loggers.job",
    "LogEntry": _ENTRY,
    "LoggerBackend": _ENTRY,
    "MessageLogData": _ENTRY,
    "NoOpLogger": "synapse_sdk.loggers.silent",
    "ProgressData": _ENTRY,
    "TqdmLogger": "synapse_sdk.loggers.console",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 - of the table, so that the two can not differ


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
