"""`ExportContext`: what the steps of an export share.

Source: interface sheet `actions.md` §6.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.export.run_adapter import MetricsRecord
from synapse_sdk.plugins.steps.context import BaseStepContext

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.exporter import BaseExporter
    from synapse_sdk.plugins.actions.export.handlers import ExportTargetHandler

#: A file's name, and why it is not there.
Failure = list[str]


@dataclass
class ExportContext(BaseStepContext):
    """Handed from step to step. Steps of your own in `setup_steps` may use what they need of it."""

    params: dict[str, Any] = field(default_factory=dict)
    #: Records as the server lists them; they can be gone through once.
    results: Iterable[dict[str, Any]] | None = None
    #: How many the server says there are.
    total_count: int = 0
    exported_count: int = 0
    failed_count: int = 0
    #: The folder that was made for this export.
    output_path: str | None = None
    #: Items as the exporter's hooks get them.
    export_items: Iterable[dict[str, Any]] | None = None
    #: The storage's folder that `path` is in.
    path_root: Path | None = None
    storage: dict[str, Any] = field(default_factory=dict)
    #: The project's: what its people label, and how.
    configuration: dict[str, Any] = field(default_factory=dict)
    project_id: int | None = None
    handler: ExportTargetHandler | None = None
    unique_export_path: Path | None = None
    #: Folders above it that were not there before, the innermost first.
    made_parents: list[Path] = field(default_factory=list)
    label_output_dirname: str | None = "labels"
    sdk_managed_original_files: bool = True
    #: Kind → folder, as `setup_output_directories` made them.
    output_paths: dict[str, Path] = field(default_factory=dict)
    #: What the exporter is made with.
    export_params: dict[str, Any] = field(default_factory=dict)
    exporter: BaseExporter | None = None
    converted_items: Iterable[dict[str, Any]] | None = None
    errors_json: list[Failure] = field(default_factory=list)
    errors_original: list[Failure] = field(default_factory=list)
    original_metrics: MetricsRecord = field(default_factory=MetricsRecord)
    data_metrics: MetricsRecord = field(default_factory=MetricsRecord)
    filename_collision_count: int = 0
    #: JSON files and originals.
    written_file_count: int = 0
    #: Listings that broke off and were not taken up again.
    page_failures: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    #: Id of the last item that is done, however it ended.
    last_completed_item: int | None = None

    @property
    def client(self) -> Any:
        """The server's client; None without one."""
        return self.runtime_ctx.client


def is_delegated(context: ExportContext) -> bool:
    """Does the server export by itself? Never: the job does it."""
    return False


def is_sharded(context: ExportContext) -> bool:
    """Is the export split over several workers? Never."""
    return False
