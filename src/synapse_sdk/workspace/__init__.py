"""The datasets and models that actions work with: here, those of this machine, without any server.

```text
protocol.py        Workspace: what an action may ask of a workspace, whoever keeps it
describe.py        the dictionaries that authors get
local.py           LocalWorkspace: the two stores in one folder
rehearsal.py       RehearsalWorkspace: what is not there is made up, and said to be
datasets.py        DatasetStore: folders by reference, with what they held
models.py          ModelStore: copies that stay as they were saved
records.py         what is kept: DatasetVersion, Model, …
registration.py    which folder may be registered, under which name
verification.py    is a folder still what its manifest says?
manifest.py        files with their digests, and one digest for all of them
folder_listing.py  which files of a folder count
splits.py          train, validation, test
model_files.py     a model's bytes, in and out
record_folder.py   numbered records that appear whole
layout.py          the folder of a local workspace, and its format
errors.py          what can go wrong
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.workspace.describe import DatasetInfo as DatasetInfo
    from synapse_sdk.workspace.describe import ModelInfo as ModelInfo
    from synapse_sdk.workspace.errors import DatasetChangedError as DatasetChangedError
    from synapse_sdk.workspace.errors import ModelDamagedError as ModelDamagedError
    from synapse_sdk.workspace.errors import NotFoundError as NotFoundError
    from synapse_sdk.workspace.errors import WorkspaceError as WorkspaceError
    from synapse_sdk.workspace.local import LocalWorkspace as LocalWorkspace
    from synapse_sdk.workspace.protocol import Workspace as Workspace
    from synapse_sdk.workspace.records import ModelOrigin as ModelOrigin

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "DatasetChangedError": "errors",
        "DatasetInfo": "describe",
        "LocalWorkspace": "local",
        "ModelDamagedError": "errors",
        "ModelInfo": "describe",
        "ModelOrigin": "records",
        "NotFoundError": "errors",
        "Workspace": "protocol",
        "WorkspaceError": "errors",
    },
)
