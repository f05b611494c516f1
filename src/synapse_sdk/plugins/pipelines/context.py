"""`PipelineContext`: the folders of one run of a pipeline.

Source: interface sheet `core.md` §9. Unlike there, a name never leads out of the run's folder, and the
folder below the system's temporary one is this user's alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from synapse_sdk.plugins.errors import PluginRunError

#: Names that are names of folders as well; any other gets one of what can stay of it, and a digest.
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?")


def _make_run_id() -> str:
    return uuid4().hex[:12]


def _find_private_base() -> Path:
    return Path(tempfile.gettempdir()) / f"synapse_pipelines-{os.getuid()}"


@dataclass
class PipelineContext:
    """Folders for what the actions of a run leave to each other. A folder is made when it is asked for."""

    pipeline_id: str
    #: Twelve hexadecimal digits unless given.
    run_id: str = field(default_factory=_make_run_id)
    #: Where all runs' folders lie; unless given, this user's own folder below the system's temporary one.
    base_path: Path = field(default_factory=_find_private_base)
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.base_path = Path(self.base_path)

    @property
    def work_dir(self) -> Path:
        """The run's folder: `base_path/pipeline_id/run_id`. Looking at it does not make it."""
        return self.base_path / _name_folder(self.pipeline_id) / _name_folder(self.run_id)

    @property
    def datasets_dir(self) -> Path:
        """For datasets."""
        return self._make("datasets")

    @property
    def models_dir(self) -> Path:
        """For models."""
        return self._make("models")

    @property
    def artifacts_dir(self) -> Path:
        """For anything else that is to be kept."""
        return self._make("artifacts")

    @property
    def logs_dir(self) -> Path:
        """For logs."""
        return self._make("logs")

    @property
    def checkpoints_dir(self) -> Path:
        """For checkpoints."""
        return self._make("checkpoints")

    def get_action_dir(self, action_name: str) -> Path:
        """Return the folder of one action, by its name, whatever that holds.

        Raises:
            PluginRunError: The folder can not be made, or somebody else could write to the base folder.
        """
        return self._make("actions", _name_folder(action_name))

    def cleanup(self) -> None:
        """Remove the run's folder and all in it, if it is there; the folders above stay."""
        if self.work_dir.exists():
            shutil.rmtree(self.work_dir)

    def _make(self, *names: str) -> Path:
        folder = self.work_dir.joinpath(*names)
        try:
            if self.base_path == _find_private_base():
                _ensure_private(self.base_path)
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PluginRunError(
                f"The folder {folder} can not be made: {error.strerror or error}.",
                {"folder": str(folder)},
                hint="Give another place: PipelineContext(…, base_path=…).",
            ) from error
        return folder


def _name_folder(name: str) -> str:
    """Return a folder's name for any name; different names have different folders."""
    if _PLAIN.fullmatch(name):
        return name
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:48].strip("_") or "name"
    # The dot keeps it apart from every plain name: none of those has such an end.
    return f"{cleaned}.{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}."


def _ensure_private(folder: Path) -> None:
    """Make the folder for this user alone, or see that it is: its name is known to everybody."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PluginRunError(
            f"{folder} belongs to somebody else, or others can write to it, so it can not be trusted.",
            {"folder": str(folder), "owner": found.st_uid, "mode": oct(found.st_mode & 0o777)},
            hint="Remove it, or give another place: PipelineContext(…, base_path=…).",
        )
