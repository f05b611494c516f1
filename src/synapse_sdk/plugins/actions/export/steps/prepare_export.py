"""The third step: the project's configuration, the exporter and its folders."""

from __future__ import annotations

from typing import Any

from synapse_sdk.clients.errors import ClientError
from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.exporter import BaseExporter
from synapse_sdk.plugins.actions.export.gt_project import resolve_gt_project_id
from synapse_sdk.plugins.actions.export.steps.fetch_results import Fetch, fetch_records
from synapse_sdk.plugins.actions.export.steps.initialize import setup_output_directories
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class PrepareExportStep(BaseStep[ExportContext]):
    """Makes the exporter, with what it needs to know."""

    name = "prepare_export"
    progress_weight = 0.03
    progress_proportion = 3

    def __init__(self, entrypoint: type[BaseExporter] = BaseExporter, fetch: Fetch | None = None) -> None:
        """Make one of this kind; names that are planned are asked for through `fetch`, as items are."""
        self._entrypoint = entrypoint
        self._fetch = fetch

    def execute(self, context: ExportContext) -> StepResult:
        """Make it."""
        assert context.unique_export_path is not None
        context.project_id = _find_project(context)
        context.configuration = _ask_configuration(context)
        context.export_params = {
            **context.params,
            **(context.params.get("extra_params") or {}),
            "configuration": context.configuration,
            "project_id": context.project_id,
        }
        exporter = self._entrypoint(
            context.runtime_ctx,
            context.export_items,
            context.unique_export_path.parent,
            **context.export_params,
        )
        context.exporter = exporter
        context.label_output_dirname = exporter.label_output_dirname
        context.sdk_managed_original_files = exporter.sdk_managed_original_files
        context.output_paths = setup_output_directories(context)
        if exporter.use_output_stem_manifest and context.total_count:
            _plan_names(context, exporter, self._fetch)
        return StepResult()


def _find_project(context: ExportContext) -> int | None:
    filters = context.params["filter"]
    found = filters.get("project")
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    if context.params.get("target") != "ground_truth" or not context.total_count:
        return None
    try:
        return resolve_gt_project_id(context.client, filters)
    except ClientError as error:
        context.log_message(f"The project of the ground truths can not be found: {error}", "warning")
        return None


def _ask_configuration(context: ExportContext) -> dict[str, Any]:
    if context.project_id is None:
        return {}
    try:
        return dict(context.client.get_project(context.project_id).get("configuration") or {})
    except ClientError as error:
        # Most exporters do not ask for it; those that do will say what they miss.
        context.log_message(f"The project's configuration can not be read: {error}", "warning")
        return {}


def _plan_names(context: ExportContext, exporter: BaseExporter, fetch: Fetch | None) -> None:
    assert context.handler is not None
    results, _ = fetch_records(context, fetch)
    exporter.stems.plan(
        (item["id"], exporter.get_original_file_name(item["files"]))
        for item in context.handler.get_export_item(results)
    )
