"""`TuneDatasetStep`: the dataset of a search, brought once for all of its trials."""

from __future__ import annotations

from synapse_sdk.plugins.steps.dataset import ExportDatasetStep


class TuneDatasetStep(ExportDatasetStep):
    """Brings the dataset here."""
