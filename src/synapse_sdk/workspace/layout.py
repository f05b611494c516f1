"""The folder of a local workspace, and the version of its layout.

```text
<root>/
├── format                           "1"; a newer number is refused
├── dataset_versions/<version id>/   version.json  manifest.jsonl
├── models/<id>/                     model.json  [manifest.jsonl]  files/<name as saved>
└── blobs/sha256/ab/…                the bytes of models; files/ links to them
```

A dataset has no record of its own: it is the versions that carry its id. So one rename makes a dataset
together with its first version, or gives a dataset its next one, and there is never half of either.
"""

from __future__ import annotations

from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk.workspace.errors import WorkspaceError

#: Version of the layout that this SDK writes, and the newest that it reads.
FORMAT = 1


class Layout:
    """Where the parts of one local workspace lie. Making one touches nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dataset_versions = root / "dataset_versions"
        self.models = root / "models"
        self.blobs = root / "blobs"

    def check(self) -> bool:
        """Say whether the workspace exists.

        Raises:
            WorkspaceError: It was written by a newer SDK, or is no workspace. Nothing was touched.
        """
        file = self.root / "format"
        try:
            text = file.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise WorkspaceError(f"{file} can not be read: {exc.strerror}.", {"path": str(file)}) from exc
        if not (text.isascii() and text.isdigit()):
            raise WorkspaceError(
                f"{self.root} is not a workspace: {file} says {text[:40]!r} where a number belongs.",
                {"path": str(file), "found": text[:40]},
                hint="Choose another data folder with SYNAPSE_DATA_DIR, or put 1 back into that file.",
            )
        if int(text) > FORMAT:
            raise WorkspaceError(
                f"The workspace {self.root} has format {text}; this SDK knows formats up to {FORMAT}. "
                "Nothing was touched.",
                {"path": str(self.root), "format": int(text), "known": FORMAT},
                hint="A newer SDK wrote it: upgrade synapse-sdk, or choose another data folder with "
                "SYNAPSE_DATA_DIR.",
            )
        return True

    def ensure(self) -> None:
        """Make the workspace if there is none yet.

        Raises:
            WorkspaceError: What is there was written by a newer SDK, or is no workspace.
        """
        if not self.check():
            self.root.mkdir(parents=True, exist_ok=True)
            atomic_write(self.root / "format", f"{FORMAT}\n".encode())
