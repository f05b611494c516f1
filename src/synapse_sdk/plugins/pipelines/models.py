"""States and progress of a run, where the older dialect's plugins import them from."""

from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.models.log_entry import LogEntry
from synapse_sdk.plugins.models.pipeline import ActionStatus, RunStatus
from synapse_sdk.plugins.models.progress import ActionProgress, Checkpoint, PipelineProgress

__all__ = [
    "ActionProgress",
    "ActionStatus",
    "Checkpoint",
    "LogEntry",
    "LogLevel",
    "PipelineProgress",
    "RunStatus",
]
