"""What a dataset action may say, by code.

Source: interface sheet `core.md` §4.5; `actions.md` §5.
"""

from __future__ import annotations

from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.log_messages import LogMessageCode


class DatasetLogMessageCode(LogMessageCode):
    """Codes of a download and of a conversion."""

    DATASET_DOWNLOAD_STARTING = "DATASET_DOWNLOAD_STARTING"
    DATASET_SPLIT_DOWNLOADED = "DATASET_SPLIT_DOWNLOADED"
    DATASET_DOWNLOAD_COMPLETED = ("DATASET_DOWNLOAD_COMPLETED", LogLevel.SUCCESS)
    DATASET_GT_EVENTS_FOUND = "DATASET_GT_EVENTS_FOUND"
    DATASET_DOWNLOAD_PARTIAL = ("DATASET_DOWNLOAD_PARTIAL", LogLevel.WARNING)
    DATASET_CONVERTING = "DATASET_CONVERTING"
    DATASET_CONVERSION_COMPLETED = ("DATASET_CONVERSION_COMPLETED", LogLevel.SUCCESS)
