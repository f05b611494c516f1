"""Plugin folders and their configs for tests of packaging."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from synapse_sdk.packaging import ReleasePlan, build_plan
from synapse_sdk.plugins.config import PluginConfig
from tests.manifest.folders import write_files

FILES = {
    "config.yaml": "name: YOLO\ncode: yolov8\nversion: 0.1.0\n",
    "plugin/__init__.py": "",
    "plugin/train.py": "class TrainAction: ...\n",
    "requirements.txt": "numpy>=2\n",
    "README.md": "# YOLO\n",
}


def make_config(**changes: object) -> PluginConfig:
    """Build a valid config; `changes` replaces or adds keys."""
    return PluginConfig.model_validate(
        {
            "name": "YOLO",
            "code": "yolov8",
            "version": "0.1.0",
            "category": "custom",
            "actions": {"train": {"entrypoint": "plugin.train:TrainAction"}},
            **changes,
        }
    )


def make_plan(folder: Path, files: Mapping[str, str | bytes] | None = None, **config: object) -> ReleasePlan:
    """Write the usual plugin and `files` into `folder`, and plan its release."""
    write_files(folder, {**FILES, **(files or {})})
    return build_plan(folder, make_config(**config))


def paths_of(plan: ReleasePlan) -> list[str]:
    """Return the paths of the files that would travel."""
    return [planned.file.path for planned in plan.files]
