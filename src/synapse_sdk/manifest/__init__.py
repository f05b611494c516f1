"""Folder → manifest: which files travel, why the others stay, and one digest for all.

```text
names.py       names as the system gives them ⇄ names in a manifest               pure
gitignore.py   a line of an ignore file → a pattern that answers as git does      pure
ignore.py      the ignore files of a folder and of those above it → the rule      reads ignore files
never.py       what no ignore file can let through                                data
manifest.py    the values: files that travel, what is left out, the digest        pure
notes.py       a note to ourselves: whole, or not there                           reads and writes notes
known_files.py what is known of files from reading them before                    of one folder, by notes
build.py       a folder → its manifest                                            reads disk
```

Light enough for every local run: nothing here imports more than the standard library.
"""

from synapse_sdk.manifest.build import ManifestError, build_manifest
from synapse_sdk.manifest.known_files import KnownFiles
from synapse_sdk.manifest.manifest import (
    LeftOut,
    Manifest,
    ManifestFile,
    canonical_files,
    canonical_json,
    join_written,
    write_files,
)

__all__ = [
    "KnownFiles",
    "LeftOut",
    "Manifest",
    "ManifestError",
    "ManifestFile",
    "build_manifest",
    "canonical_files",
    "canonical_json",
    "join_written",
    "write_files",
]
