"""Third: what the collection takes."""

from __future__ import annotations

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.exceptions import UploadError
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.specifications import read_specifications
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class AnalyzeCollectionStep(BaseStep[UploadContext]):
    """Asks for the collection's file specifications."""

    name = "analyze_collection"
    progress_weight = 0.05
    progress_proportion = 1

    def execute(self, context: UploadContext) -> StepResult:
        """Ask."""
        context.data_collection = context.found.get("data_collection") or dict(
            context.client.get_data_collection(context.params["data_collection"])
        )
        context.specifications = read_specifications(context.data_collection)
        names = [specification.name for specification in context.specifications]
        if unknown := sorted((context.params["assets"] or {}).keys() - set(names)):
            raise UploadError(
                f"The collection has no file specification {', '.join(unknown)}.",
                {"assets": unknown, "file_specifications": names},
                hint=f"It has {', '.join(names)}.",
            )
        context.log_message(UploadLogMessageCode.UPLOAD_COLLECTION_ANALYZED, count=len(names))
        return StepResult(data={"file_specifications": names})
