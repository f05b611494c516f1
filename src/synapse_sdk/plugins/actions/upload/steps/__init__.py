"""The eight steps of an upload.

Source: interface sheet `actions.md` §1.4, §7.2.
"""

from __future__ import annotations

from synapse_sdk.plugins.actions.upload.steps.analyze_collection import AnalyzeCollectionStep
from synapse_sdk.plugins.actions.upload.steps.cleanup import CleanupStep
from synapse_sdk.plugins.actions.upload.steps.generate import GenerateDataUnitsStep
from synapse_sdk.plugins.actions.upload.steps.initialize import InitializeStep
from synapse_sdk.plugins.actions.upload.steps.organize import OrganizeFilesStep
from synapse_sdk.plugins.actions.upload.steps.process_metadata import ProcessMetadataStep
from synapse_sdk.plugins.actions.upload.steps.upload import UploadFilesStep
from synapse_sdk.plugins.actions.upload.steps.validate import ValidateFilesStep

__all__ = [
    "AnalyzeCollectionStep",
    "CleanupStep",
    "GenerateDataUnitsStep",
    "InitializeStep",
    "OrganizeFilesStep",
    "ProcessMetadataStep",
    "UploadFilesStep",
    "ValidateFilesStep",
]
