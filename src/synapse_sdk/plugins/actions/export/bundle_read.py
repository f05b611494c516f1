"""What a server's own export leaves in the storage: records as lines of JSON, and the labelled files.

```text
<path>/tasks.jsonl | assignments.jsonl | ground_truths.jsonl      perhaps in parts: assignments-1.jsonl, …
<path>/files/…
```

Source: interface sheet `actions.md` §6.3, "Delegated mode". What the records' files are called in `files/` is
not told there; each is looked for by its entry's `path`, then by its names.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from synapse_sdk.plugins.actions.export.delegation import map_target_to_backend_targets
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.storage_providers.errors import StoragePermissionError
from synapse_sdk.storage_providers.inside import find_inside

BUNDLE_FILES_SUBDIR: Final = "files"
#: Of a file's entry: where it lies on this machine.
LOCAL_PATH_KEY: Final = "local_path"
_PLACES: Final = ("data_unit", "files_manifest", "files", "file")
_NAMES: Final = ("path", "name", "file_name", "file_name_original")


class BundleTraversalError(ExecutionError):
    """A bundle names a place outside of itself."""


def bundle_target_jsonl_name(target: str) -> str:
    """Return the name of a target's records in a bundle."""
    return f"{map_target_to_backend_targets(target)[0]}.jsonl"


def resolve_bundle_prefix(job: Mapping[str, Any], asked: str) -> str:
    """Return the folder of the storage that a job wrote to: the one that it names, else the one asked for.

    Raises:
        BundleTraversalError: It names one that is not below the one asked for.
    """
    data = job.get("data")
    named = data.get("prefix") or data.get("path") if isinstance(data, Mapping) else None
    if not isinstance(named, str) or not named.strip("/"):
        return asked.strip("/")
    wanted, found = asked.strip("/"), named.strip("/")
    # Everything in a storage is below its root, which is asked for by an empty path.
    is_below = not wanted or f"{found}/".startswith(f"{wanted}/")
    if ".." in found.split("/") or not is_below:
        raise BundleTraversalError(
            f"The server was asked to export to {asked!r} and names {named!r}.",
            {"asked": asked, "named": named},
        )
    return found


def resolve_bundle_jsonl_paths(bundle: Path, target: str) -> list[Path]:
    """Return the files that hold a target's records, whole or in parts, in order."""
    name = bundle_target_jsonl_name(target)
    whole, stem = bundle / name, Path(name).stem
    parts = sorted(bundle.glob(f"{stem}[-_.]*.jsonl"), key=lambda path: (len(path.name), path.name))
    return [path for path in (whole, *parts) if path.is_file() and not path.is_symlink()]


def is_zero_result_bundle(bundle: Path, target: str) -> bool:
    """Has a bundle no record of a target?"""
    return next(stream_bundle_records(resolve_bundle_jsonl_paths(bundle, target)), None) is None


def stream_bundle_records(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Yield the records, one by one; blank lines are passed over.

    Raises:
        ExecutionError: A line is no record; the message has file and line.
    """
    for path in paths:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except ValueError as error:
                    raise _odd_line(path, number, f"is no JSON: {error}") from error
                if not isinstance(record, dict):
                    raise _odd_line(path, number, f"is no record but {type(record).__name__}")
                yield record


def map_files_to_bundle_local(record: Mapping[str, Any], bundle: Path) -> dict[str, Any]:
    """Return a record whose files say where they lie in the bundle: `local_path`, for those that do.

    Raises:
        BundleTraversalError: A file's place would be outside of the bundle.
    """
    mapped = dict(record)
    for place in _PLACES:
        found = mapped.get(place)
        if place == "data_unit" and isinstance(found, Mapping):
            mapped[place] = {**found, "files": _map(found.get("files"), bundle)}
        elif place != "data_unit" and found is not None:
            mapped[place] = _map(found, bundle)
    return mapped


def cleanup_delegated_bundle(bundle: Path, root: Path) -> None:
    """Remove a bundle; happy where there is none.

    Raises:
        BundleTraversalError: It is not below `root`, the storage's folder.
    """
    place, above = bundle.resolve(), root.resolve()
    if place == above or not place.is_relative_to(above):
        raise BundleTraversalError(f"{bundle} is no bundle of the storage {root}.", {"bundle": str(bundle)})
    if bundle.is_dir():
        shutil.rmtree(bundle)


def _map(found: Any, bundle: Path) -> Any:
    if isinstance(found, list):
        return [_map(item, bundle) for item in found]
    if not isinstance(found, Mapping):
        return found
    if any(isinstance(found.get(name), str) for name in _NAMES):
        local = _find_local(found, bundle)
        return dict(found) if local is None else {**found, LOCAL_PATH_KEY: str(local)}
    return {name: _map(entry, bundle) for name, entry in found.items()}


def _find_local(entry: Mapping[str, Any], bundle: Path) -> Path | None:
    for name in _NAMES:
        value = entry.get(name)
        if not isinstance(value, str) or not value:
            continue
        relative = value.lstrip("/").removeprefix(f"{BUNDLE_FILES_SUBDIR}/")
        try:
            place = find_inside(bundle / BUNDLE_FILES_SUBDIR, relative)
        except StoragePermissionError as error:
            raise BundleTraversalError(
                f"The server's export names the file {value!r}, which is outside of it.",
                {"path": value, "bundle": str(bundle)},
            ) from error
        if place.is_file():
            return place
    return None


def _odd_line(path: Path, number: int, what: str) -> ExecutionError:
    return ExecutionError(
        f"Line {number} of {path.name} in the server's export {what}.",
        {"file": str(path), "line": number},
    )
