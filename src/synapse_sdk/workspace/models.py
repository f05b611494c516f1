"""Models of a local workspace: copies of what was trained, kept whole and unchanged."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from numbers import Real
from pathlib import Path
from typing import get_args

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.digests import digest_file
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.storage.errors import explain_disk_errors
from synapse_sdk.workspace.errors import ModelDamagedError, NotFoundError, WorkspaceError
from synapse_sdk.workspace.layout import Layout
from synapse_sdk.workspace.manifest import load_manifest
from synapse_sdk.workspace.model_files import export_files, keep_files, measure
from synapse_sdk.workspace.record_folder import RecordFolder, load_record, write_record
from synapse_sdk.workspace.records import Model, ModelCategory, ModelOrigin
from synapse_sdk.workspace.verification import verify_folder


class ModelStore:
    """The models of one workspace. Any number of processes may create at once."""

    def __init__(self, layout: Layout, *, now: Callable[[], datetime] = utc_now) -> None:
        self._layout = layout
        self._models = RecordFolder(layout.models)
        self._now = now

    def create(
        self,
        path: str | os.PathLike[str],
        *,
        name: str,
        description: str = "",
        metrics: Mapping[str, float] | None = None,
        category: ModelCategory = "fine_tuned",
        parent_model_id: int | None = None,
        origin: ModelOrigin | None = None,
    ) -> Model:
        """Keep a copy of the file or folder at `path` as a new model. Names need not be unique.

        Empty subfolders of a folder are not kept.

        Args:
            metrics: Numbers by name; non-finite ones are kept as such, and so are scalars of array libraries.
            category: "fine_tuned", or "base" for a pretrained model that came from elsewhere.
            parent_model_id: The model of this workspace that it was trained from.

        Raises:
            WorkspaceError: The path is missing, or values do not fit. All problems are named together.
            NotFoundError: There is no such parent.
            DiskFullError: There is no room. Nothing of the model stays behind.
        """
        source = Path(path)
        numbers, problems = read_metrics({} if metrics is None else metrics)
        refuse_problems(source, name, description, category, problems)
        if parent_model_id is not None:
            self.get(parent_model_id)
        with explain_disk_errors(self._layout.root, needed_bytes=measure(source)):
            self._layout.ensure()
            with self._models.draft() as draft:
                kept = keep_files(source, draft, blobs_root=self._layout.blobs)
                while True:
                    model = Model(
                        id=max(self._models.numbers(), default=0) + 1,
                        name=name,
                        description=description,
                        metrics=numbers,
                        category=category,
                        parent_model_id=parent_model_id,
                        origin=origin,
                        filename=kept.name,
                        is_folder=kept.is_folder,
                        item_count=kept.item_count,
                        digest=kept.digest,
                        size_bytes=kept.size_bytes,
                        created_at=self._now(),
                    )
                    write_record(draft / "model.json", model)
                    if self._models.publish(draft, model.id):
                        return model

    def list_models(self) -> list[Model]:
        """Return all models in the order of their ids."""
        numbers = self._models.numbers() if self._layout.check() else []
        return [self._load(number) for number in numbers]

    def get(self, model_id: int) -> Model:
        """Return a model's record. Its files are not looked at.

        Raises:
            NotFoundError: There is none; the message names those that there are.
        """
        if self._layout.check() and model_id in self._models.numbers():
            return self._load(model_id)
        raise NotFoundError.among(
            "model",
            model_id,
            {model.id: model.name for model in self.list_models()},
            way_in="A run of a train action saves one: synapse plugin run train",
        )

    def locate(self, model: Model) -> Path:
        """Return where a model's file or folder is. It is not looked at."""
        return self._models.path(model.id) / "files" / model.filename

    def get_path(self, model: Model) -> Path:
        """Return a model's file or folder, after reading all of it to make sure that it is what was saved.

        Raises:
            ModelDamagedError: It is gone or changed.
        """
        path = self.locate(model)
        if not (path.is_dir() if model.is_folder else path.is_file()):
            raise _damaged(model, path, "is gone", None)
        if not model.is_folder:
            digest, _ = digest_file(path)
            if digest != model.digest:
                raise _damaged(model, path, f"is not what was saved: {digest}, not {model.digest}", digest)
            return path
        items = load_manifest(self._models.path(model.id) / "manifest.jsonl")
        verification = verify_folder(path, items, with_hidden=True)
        if not verification.is_as_registered:
            raise _damaged(model, path, f"is not what was saved: {verification}", None)
        return path

    def export(self, model_id: int, destination: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Copy a model's file or folder to `destination`, writable; return where it is then.

        Args:
            destination: The new file or folder; or a folder that exists, to put it in under its own name.
            overwrite: Replace what is there. A file is never put in place of a folder, or a folder of a file.

        Raises:
            WorkspaceError: There is something already, or no folder to put it in.
            ModelDamagedError: The model's files are gone or changed.
            DiskFullError: There is no room. What was there before is untouched.
        """
        model = self.get(model_id)
        return export_files(self.get_path(model), Path(destination), model, overwrite=overwrite)

    def _load(self, number: int) -> Model:
        return load_record(self._models.path(number) / "model.json", Model)


def read_metrics(metrics: object) -> tuple[dict[str, float], list[str]]:
    """Return the metrics as plain numbers, and a sentence for each that is none."""
    if not isinstance(metrics, Mapping):
        return {}, [f"metrics is {shorten(repr(metrics))}, and must be a mapping of names to numbers"]
    numbers: dict[str, float] = {}
    problems: list[str] = []
    for key, value in metrics.items():
        number = _find_number(value)
        if not isinstance(key, str):
            problems.append(f"metrics has the key {shorten(repr(key))}, and keys must be text")
        elif number is None:
            problems.append(f"metrics[{key!r}] is {shorten(repr(value))}, and must be a number")
        else:
            numbers[key] = number
    return numbers, problems


def _find_number(value: object) -> float | None:
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    # Scalars of array libraries: a loss is often still a tensor when it is reported.
    if getattr(value, "shape", None) == () and callable(item := getattr(value, "item", None)):
        return _find_number(item())
    return None


def refuse_problems(
    source: Path, name: object, description: object, category: object, more: list[str]
) -> None:
    """Raise `WorkspaceError` unless a model can be made of these; all problems are named together."""
    problems: list[str] = []
    if not source.exists():
        problems.append(f"there is no file or folder {source.absolute()}")
    elif not (source.is_file() or source.is_dir()):
        problems.append(f"{source.absolute()} is neither a file nor a folder")
    if not (isinstance(name, str) and name.strip() and name.isprintable()):
        problems.append(f"name is {shorten(repr(name))}, and must be printable text")
    if not isinstance(description, str):
        problems.append(f"description is {shorten(repr(description))}, and must be text")
    if category not in get_args(ModelCategory):
        problems.append(f"category is {category!r}, and must be one of {', '.join(get_args(ModelCategory))}")
    if problems or more:
        raise WorkspaceError(
            f"The model can not be saved: {'; '.join(problems + more)}.",
            {"path": str(source.absolute()), "problems": problems + more},
        )


def _damaged(model: Model, path: Path, what: str, found_digest: str | None) -> ModelDamagedError:
    return ModelDamagedError(
        f"{model.label} can not be used: {path} {what}.",
        {
            "model_id": model.id,
            "path": str(path),
            "expected_digest": model.digest,
            "found_digest": found_digest,
        },
        hint="Something other than Synapse touched it. Save the model again, or choose another one: "
        "synapse model list",
    )
