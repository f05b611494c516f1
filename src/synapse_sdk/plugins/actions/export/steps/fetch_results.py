"""The second step: what to export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

Fetch = Callable[[Mapping[str, Any]], tuple[Iterable[dict[str, Any]], int]]


class FetchResultsStep(BaseStep[ExportContext]):
    """Asks for the first page, which says how many there are; the others come while items are written."""

    name = "fetch_results"
    progress_weight = 0.05
    progress_proportion = 5

    def __init__(self, fetch: Fetch | None = None) -> None:
        """Ask through `fetch`; through the target's handler unless given."""
        self._fetch = fetch

    def execute(self, context: ExportContext) -> StepResult:
        """Ask."""
        assert context.handler is not None
        results, count = fetch_records(context, self._fetch)
        context.results, context.total_count = results, count
        context.export_items = context.handler.get_export_item(results)
        if count:
            context.log_message(ExportLogMessageCode.EXPORT_RESULTS_FETCHED, count=count)
        else:
            context.log_message(ExportLogMessageCode.EXPORT_NO_RESULTS)
        return StepResult(data={"total_count": count})


def fetch_records(context: ExportContext, fetch: Fetch | None) -> tuple[Iterable[dict[str, Any]], int]:
    """Return the records of the filter, and their count; from the handler unless `fetch` does it."""
    assert context.handler is not None
    filters = context.params["filter"]
    return context.handler.get_results(context.client, filters) if fetch is None else fetch(filters)
