"""The nine steps of an export. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.steps.bundle_read import BundleReadStep as BundleReadStep
    from synapse_sdk.plugins.actions.export.steps.convert_data import ConvertDataStep as ConvertDataStep
    from synapse_sdk.plugins.actions.export.steps.delegate import DelegateEnqueueStep as DelegateEnqueueStep
    from synapse_sdk.plugins.actions.export.steps.delegate import (
        DelegateStreamProgressStep as DelegateStreamProgressStep,
    )
    from synapse_sdk.plugins.actions.export.steps.fetch_results import FetchResultsStep as FetchResultsStep
    from synapse_sdk.plugins.actions.export.steps.finalize import FinalizeStep as FinalizeStep
    from synapse_sdk.plugins.actions.export.steps.initialize import InitializeStep as InitializeStep
    from synapse_sdk.plugins.actions.export.steps.prepare_export import PrepareExportStep as PrepareExportStep
    from synapse_sdk.plugins.actions.export.steps.save_files import SaveFilesStep as SaveFilesStep

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "BundleReadStep": "bundle_read",
        "ConvertDataStep": "convert_data",
        "DelegateEnqueueStep": "delegate",
        "DelegateStreamProgressStep": "delegate",
        "FetchResultsStep": "fetch_results",
        "FinalizeStep": "finalize",
        "InitializeStep": "initialize",
        "PrepareExportStep": "prepare_export",
        "SaveFilesStep": "save_files",
    },
)
