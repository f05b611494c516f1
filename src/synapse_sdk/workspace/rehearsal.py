"""A workspace for trying out an action's logic anywhere: what is not there is made up, and said to be."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synapse_sdk.workspace.describe import DatasetInfo, ModelInfo, SplitInfo
from synapse_sdk.workspace.errors import NotFoundError
from synapse_sdk.workspace.splits import Splits

if TYPE_CHECKING:
    from synapse_sdk.wire.envelope import InputReference
    from synapse_sdk.workspace.protocol import Workspace
    from synapse_sdk.workspace.records import ModelCategory, ModelOrigin

#: Splits of a dataset that is made up.
_SPLITS = ("train", "validation", "test")
#: Stands where a digest would, and can not be taken for one.
_NO_DIGEST = "rehearsed"


class RehearsalWorkspace:
    """Reads what the real workspace has, makes up what it has not, and keeps nothing.

    Folders and files that are made up exist, empty, as long as this object does.
    """

    def __init__(self, open_workspace: Callable[[], Workspace], tell: Callable[[str], None]) -> None:
        """Set up.

        Args:
            open_workspace: Opens the real one, on first use.
            tell: Called with a sentence each time that an answer is made up.
        """
        self._open_workspace = open_workspace
        self._tell = tell
        self._workspace: Workspace | None = None
        self._scratch: Path | None = None
        self._created: dict[int, ModelInfo] = {}

    @property
    def name(self) -> str:
        """The real one's."""
        return self._real.name

    def find_input(self, kind: str, number: int) -> InputReference | None:
        """Ask the real one; what is made up is no input."""
        return self._real.find_input(kind, number)

    def get_dataset(self, dataset_id: int, *, version: int | None = None) -> DatasetInfo:
        """Return the dataset, or one of that id with three empty splits."""
        try:
            return self._real.get_dataset(dataset_id, version=version)
        except NotFoundError:
            self._tell(f"dataset {dataset_id} is not there; an empty one was made up.")
        root = self._make_folder(f"dataset-{dataset_id}")
        for split in _SPLITS:
            (root / split).mkdir(exist_ok=True)
        return {
            "id": dataset_id,
            "name": f"rehearsed-dataset-{dataset_id}",
            "path": str(root),
            "splits": Splits({split: SplitInfo(path=str(root / split), count=0) for split in _SPLITS}),
            "version": version or 1,
            "version_id": 0,
            "digest": _NO_DIGEST,
        }

    def create_model(
        self,
        path: str | os.PathLike[str],
        *,
        name: str,
        description: str = "",
        metrics: Mapping[str, float] | None = None,
        category: ModelCategory = "fine_tuned",
        parent_model_id: int | None = None,
        origin: ModelOrigin | None = None,
    ) -> ModelInfo:
        """Return the record of a model that is not kept. The file at `path` need not exist."""
        file, number = Path(path), len(self._created) + 1
        there = "" if file.exists() else ", and there is nothing at its path"
        self._tell(f"model {name!r} was not kept{there}; its record was made up.")
        self._created[number] = {
            "id": number,
            "name": name,
            "path": str(file),
            "description": description,
            "metrics": dict(metrics or {}),
            "category": category,
            "parent_model_id": parent_model_id,
            "digest": _NO_DIGEST,
            "size_bytes": file.stat().st_size if file.is_file() else 0,
        }
        return self._created[number]

    def get_model(self, model_id: int) -> ModelInfo:
        """Return the model, one that this rehearsal "created", or one of that id with an empty file."""
        if model_id in self._created:
            return self._created[model_id]
        try:
            return self._real.get_model(model_id)
        except NotFoundError:
            self._tell(f"model {model_id} is not there; an empty one was made up.")
        file = self._make_folder(f"model-{model_id}") / "model.bin"
        file.touch()
        return {
            "id": model_id,
            "name": f"rehearsed-model-{model_id}",
            "path": str(file),
            "description": "",
            "metrics": {},
            "category": "base",
            "parent_model_id": None,
            "digest": _NO_DIGEST,
            "size_bytes": 0,
        }

    @property
    def _real(self) -> Workspace:
        if self._workspace is None:
            self._workspace = self._open_workspace()
        return self._workspace

    def _make_folder(self, name: str) -> Path:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="synapse-rehearsal-"))
            weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        folder = self._scratch / name
        folder.mkdir(exist_ok=True)
        return folder
