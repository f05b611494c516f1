"""Models of a server, copied to a file or folder of a person's."""

from __future__ import annotations

import tempfile
from pathlib import Path

from synapse_sdk.clients.download import OnProgress
from synapse_sdk.clients.local_copies import require_name
from synapse_sdk.clients.models import RemoteModel, get_model
from synapse_sdk.clients.remote_workspace import RemoteWorkspace
from synapse_sdk.clients.transport import Transport
from synapse_sdk.workspace.errors import WorkspaceError
from synapse_sdk.workspace.model_files import export_files


def export_model(
    transport: Transport,
    model_id: int,
    destination: Path,
    *,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> tuple[RemoteModel, Path]:
    """Copy a model's file or folder to `destination`, writable; return the model and where it is then.

    Args:
        transport: The server.
        model_id: The model.
        destination: The new file or folder; or a folder that exists, to put it in under its own name.
        overwrite: Replace what is there. A file is never put in place of a folder, or a folder of a file.
        on_progress: Called with the bytes that came, and all.

    Raises:
        NotFoundError: There is no such model.
        StorageError: The server calls its file what is more than a name.
        WorkspaceError: There is something already, or no folder to put it in.
        ClientError: The server can not be reached, or refuses.
    """
    model = get_model(transport, model_id)
    target = destination / require_name(model.filename) if destination.is_dir() else destination
    _require_room(target, overwrite=overwrite)  # before it is downloaded
    with tempfile.TemporaryDirectory(prefix=".synapse-", dir=target.parent) as beside:
        workspace = RemoteWorkspace.over(transport, cache_folder=Path(beside), on_progress=on_progress)
        source = Path(workspace.get_model(model_id)["path"])
        return model, export_files(source, destination, model, overwrite=overwrite)


def _require_room(target: Path, *, overwrite: bool) -> None:
    path = str(target.absolute())
    if not target.parent.is_dir():
        raise WorkspaceError(
            f"There is no folder {target.parent.absolute()} to put the model in.", {"path": path}
        )
    if (target.exists() or target.is_symlink()) and not overwrite:
        raise WorkspaceError(
            f"{path} exists already; nothing was written.",
            {"path": path},
            hint="Choose another destination, or add --force to replace it.",
        )
