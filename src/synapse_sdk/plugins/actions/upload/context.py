"""`UploadContext`: what the steps of an upload share.

Source: interface sheet `actions.md` §7.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.import_log import ImportLog
from synapse_sdk.plugins.actions.upload.params import read_param
from synapse_sdk.plugins.actions.upload.specifications import FileSpecification
from synapse_sdk.plugins.steps.context import BaseStepContext


@dataclass
class UploadContext(BaseStepContext):
    """Handed from step to step."""

    params: dict[str, Any] = field(default_factory=dict)
    #: By type of file, the endings that may be uploaded; None for all that the collection takes.
    allowed_extensions: dict[str, list[str]] | None = None
    #: What the check of the params was told of `storage`, `data_collection`, `project`; not asked again.
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Params that the action's model has no field for.
    unknown_params: list[str] = field(default_factory=list)
    storage: dict[str, Any] | None = None
    data_collection: dict[str, Any] | None = None
    project: dict[str, Any] | None = None
    #: The folder that `path` names; None where each specification has its own.
    pathlib_cwd: Path | None = None
    #: Groups of files that are to become data units: `{files: {specification: Path}, meta, groups?}`.
    organized_files: list[dict[str, Any]] = field(default_factory=list)
    #: The same, once their bytes are on the server: `files` is then `{specification: {checksum, path}}`.
    uploaded_files: list[dict[str, Any]] = field(default_factory=list)
    #: Files that were found and not imported, by their place in the folder.
    lost_files: list[str] = field(default_factory=list)
    data_units: list[dict[str, Any]] = field(default_factory=list)
    #: Rows of metadata by the file name that they begin with.
    excel_metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    #: File names that several rows of metadata begin with.
    repeated_rows: set[str] = field(default_factory=set)
    #: One entry for each file that was found.
    import_log: ImportLog = field(default_factory=ImportLog)
    #: What the collection takes.
    specifications: list[FileSpecification] = field(default_factory=list)
    #: The table of metadata; None without one.
    metadata_file: Path | None = None
    #: A plugin's own, by what they decide: `validation`, `file_discovery`, `metadata`, `upload`, `data_unit`.
    #: Each is a strategy or its class, which is called with the context for the last two, else with nothing.
    strategies: dict[str, Any] = field(default_factory=dict)
    #: True once the entries were sent.
    has_reported: bool = False

    def get_param(self, key: str, default: Any = None) -> Any:
        """Return a setting; see `read_param`."""
        return read_param(self.params, key, default)

    @property
    def client(self) -> Any:
        """The server's client; None without one."""
        return self.runtime_ctx.client
