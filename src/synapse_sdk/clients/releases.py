"""Releases of a server's registry, and their code in a cache of this machine.

```text
<cache>/releases/<digest>/code/          the files of the release
                         /release.json   which one, and the digest of those files
```

A folder of the cache is whole or not there: it is written beside its place and moved.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from synapse_sdk.clients.errors import NotFoundError
from synapse_sdk.clients.jobs import iter_results
from synapse_sdk.clients.release_code import ReleaseContentsError, parse_file, write_code
from synapse_sdk.clients.transport import Transport
from synapse_sdk.manifest import build_manifest

#: Called with the bytes that are here and the bytes that there are.
OnProgress = Callable[[int, int], None]
_FILES_PAGE = 1000
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: Code that was not asked for during so long is fetched again when it is.
_KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class FetchedRelease:
    """A release whose code is here."""

    code: str
    version: str
    #: Identity of the release.
    digest: str
    #: Its files. They belong to the cache: what changes there is put right at the next use.
    folder: Path
    #: Address of the server that it comes from.
    server: str
    #: False where it was here before.
    is_new: bool


def find_release(transport: Transport, name: str) -> dict[str, Any]:
    """Return the document of a release: of `code@version`, or the latest of `code`.

    Raises:
        NotFoundError: There is no such plugin or version, or the plugin has drafts only.
        ClientError: The server can not be reached, or refuses.
    """
    code, at, version = name.partition("@")
    if at:
        found: dict[str, Any] = transport.get(f"plugin_releases/{quote(f'{code}@{version}', safe='@')}/")
        return found
    plugin = transport.get(f"plugins/{quote(code, safe='')}/")
    latest: dict[str, Any] | None = plugin["latest_release"]
    if latest is None or plugin["code"] != code:
        raise NotFoundError(f"The plugin {code} has no release.", hint="Publish it: synapse plugin publish")
    return latest


def fetch_release(
    transport: Transport,
    release: dict[str, Any],
    cache_folder: Path,
    *,
    on_progress: OnProgress | None = None,
) -> FetchedRelease:
    """Return a release's code, fetched unless it is here, unchanged.

    Args:
        transport: The server.
        release: The release's document.
        cache_folder: This machine's cache.
        on_progress: Called while it comes.

    Raises:
        ClientError: The server can not be reached, or refuses.
        ReleaseContentsError: What comes is not what its manifest says, or would be written elsewhere; or
            the release's digest is none.
        PackError: A content has another digest.
        OSError: There is no room.
    """
    digest = str(release["digest"])
    if not _DIGEST.fullmatch(digest):  # it names a folder here
        raise ReleaseContentsError(
            f"The digest of a release is sha256: and 64 digits; {transport.url} says {digest[:100]!r}."
        )
    root = cache_folder / "releases"
    place = root / digest.replace(":", "-")
    is_new = not _is_whole(place, digest)
    if is_new:
        _fetch(transport, release, root, place, on_progress or _ignore)
        _drop_old(root, keep=place)
    os.utime(place)
    return FetchedRelease(
        code=release["plugin"] if isinstance(release["plugin"], str) else release["plugin"]["code"],
        version=release["version"],
        digest=digest,
        folder=place / "code",
        server=transport.url,
        is_new=is_new,
    )


def _is_whole(place: Path, release_digest: str) -> bool:
    """Are the files of this release there, and what they were when they came?"""
    try:
        kept = json.loads((place / "release.json").read_bytes())
        digest = build_manifest(place / "code").digest
    except (OSError, ValueError):
        return False
    if not isinstance(kept, dict) or kept.get("digest") != release_digest:
        return False
    return kept.get("manifest_digest") == digest


def _fetch(
    transport: Transport, release: dict[str, Any], root: Path, place: Path, on_progress: OnProgress
) -> None:
    path = f"plugin_releases/{release['id']}"
    rows = iter_results(transport, f"{path}/files/", params={"limit": _FILES_PAGE})
    files = [parse_file(row) for row in rows]
    root.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        with transport.stream(f"{path}/archive/") as response:
            total = sum({file.digest: file.size_bytes for file in files}.values())
            write_code(files, _counted(response.iter_bytes(), total, on_progress), fresh / "code")
        kept = {
            "plugin": release["plugin"],
            "version": release["version"],
            "digest": release["digest"],
            "server": transport.url,
            "manifest_digest": build_manifest(fresh / "code").digest,
        }
        (fresh / "release.json").write_text(json.dumps(kept), encoding="utf-8")
        _move(fresh, place, str(release["digest"]))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _move(fresh: Path, place: Path, release_digest: str) -> None:
    """Put what has come in its place, and what was there and is not whole out of it."""
    while True:
        try:
            fresh.rename(place)
        except OSError:
            if not place.exists():
                raise
            if _is_whole(place, release_digest):
                return  # another process was faster
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=place.parent))
            place.rename(old / "release")
            shutil.rmtree(old, ignore_errors=True)
        else:
            return


def _drop_old(root: Path, *, keep: Path) -> None:
    oldest = time.time() - _KEPT_DAYS * 86_400
    for folder in root.iterdir():
        with suppress(OSError):  # another process may drop it, too
            if folder != keep and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder)


def _counted(chunks: Iterator[bytes], total: int, on_progress: OnProgress) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        on_progress(min(done, total), total)
        yield chunk


def _ignore(done_bytes: int, total_bytes: int) -> None:
    """Nobody watches."""
