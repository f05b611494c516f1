"""Which folder may be registered, under which name."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk.workspace.errors import WorkspaceError
from synapse_sdk.workspace.folder_listing import Listing, list_folder
from synapse_sdk.workspace.records import Dataset

_NAME_LENGTH = 200  # characters; more would not fit a line of a list


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folder that can be registered."""

    root: Path
    name: str
    is_name_given: bool  # False: it is the folder's own
    listing: Listing

    def refuse_stranger(self, known: Dataset | None, *, digest: str | None = None) -> None:
        """Refuse to make this the next version of a dataset that only happens to have the same name.

        Two folders called `data` may have nothing to do with each other. Where the name was not given, they
        must lie in the same place or hold the same files.

        Args:
            known: The dataset of this name, if there is one.
            digest: Of the candidate's manifest. Without it the answer may be too kind, but costs no reading.

        Raises:
            WorkspaceError: It is a stranger. The hint says how to mean it.
        """
        if known is None or self.is_name_given or known.latest.root == str(self.root):
            return
        latest = known.latest
        if digest is None and (latest.item_count, latest.size_bytes) == (
            len(self.listing.files),
            self.listing.size_bytes,
        ):
            return
        if digest == latest.digest:
            return
        raise WorkspaceError(
            f"{latest.label} is registered at {latest.root}, and {self.root} holds something else.",
            {
                "dataset_id": known.id,
                "name": known.name,
                "path": str(self.root),
                "registered": latest.root,
            },
            hint=f"If this is its next version, add: --name {shlex.quote(known.name)}   "
            "If it is another dataset, choose another --name.",
        )


def examine_folder(path: str | os.PathLike[str], name: str | None) -> Candidate:
    """Look at a folder that shall be registered; no file is read.

    Args:
        name: The folder's own name unless given.

    Raises:
        WorkspaceError: It is missing, empty or not usable, or the name is.
    """
    root = _require_folder(path)
    # As it was typed: `current`, not the `v3` that it links to. A `.` or `..` has no name of its own.
    own = root.name if Path(path).name in ("", "..") else Path(path).name
    chosen = own if name is None else name
    if not (chosen.strip() == chosen and chosen.isprintable() and 0 < len(chosen) <= _NAME_LENGTH):
        raise WorkspaceError(
            f"{chosen!r} can not be a dataset's name: it takes 1 to {_NAME_LENGTH} printable characters "
            "without space around them.",
            {"name": chosen},
            hint="Choose one with --name.",
        )
    listing = list_folder(root, with_hidden=False)
    listing.require_usable(root)
    if not listing.files:
        hidden = f" but {len(listing.left_out)} hidden, which do not count" if listing.left_out else ""
        raise WorkspaceError(
            f"The folder {root} holds no files{hidden}.", {"path": str(root), "left_out": listing.left_out}
        )
    return Candidate(root, chosen, name is not None, listing)


def _require_folder(path: str | os.PathLike[str]) -> Path:
    folder = Path(path).expanduser().absolute()
    if folder.is_dir():
        return folder.resolve()
    if folder.exists():
        raise WorkspaceError(
            f"{folder} is a file; a dataset is a folder of files.",
            {"path": str(folder)},
            hint=f"Register the folder that it lies in: {shlex.quote(str(folder.parent))}",
        )
    raise WorkspaceError(f"There is no folder {folder}.", {"path": str(folder)})
