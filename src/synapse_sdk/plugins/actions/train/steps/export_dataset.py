"""`ExportDatasetStep`, where plugins from elsewhere look for it."""

from synapse_sdk.plugins.steps.dataset import ExportDatasetStep

__all__ = ["ExportDatasetStep"]
