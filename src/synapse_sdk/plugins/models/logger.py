"""Levels, log entries and progress, where the vendor's plugins import them from."""

from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.models.log_entry import LogEntry, LoggerBackend, MessageLogData, ProgressData
from synapse_sdk.plugins.models.progress import ActionProgress, Checkpoint, PipelineProgress

__all__ = [
    "ActionProgress",
    "Checkpoint",
    "LogEntry",
    "LogLevel",
    "LoggerBackend",
    "MessageLogData",
    "PipelineProgress",
    "ProgressData",
]
