"""A step for what a server's own export leaves. There are none here."""

from __future__ import annotations

from synapse_sdk.plugins.actions.export.context import ExportContext, is_delegated
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class BundleReadStep(BaseStep[ExportContext]):
    """Would read the server's bundle."""

    name = "bundle_read"
    progress_weight = 0.03
    progress_proportion = 3

    def can_skip(self, context: ExportContext) -> bool:
        """Say yes."""
        return not is_delegated(context)

    def execute(self, context: ExportContext) -> StepResult:
        """Do nothing: it is always skipped."""
        return StepResult()
