"""What a run left in `outputs/` below its working folder: to the server, and from it to whoever asks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from synapse_sdk._internal.atomic_write import temporary_sibling
from synapse_sdk._internal.digests import digest_file
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.clients.download import path_inside
from synapse_sdk.clients.errors import AuthenticationError, AuthorizationError, JobTokenRefusedError
from synapse_sdk.clients.jobs import iter_results
from synapse_sdk.clients.transport import Transport
from synapse_sdk.clients.upload import Content, upload_contents
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.workspace.manifest import Item

FOLDER_NAME = "outputs"
#: Files of one request.
_BATCH = 1000
_PATH_LIMIT = 1000


def keep_outputs(own: Transport, of_job: Transport, job: str, attempt: int, work: Path) -> list[str]:
    """Upload the files below `work`/outputs and note them. Doing it again does no harm.

    Returns a sentence for each file that stays behind: links, devices, names that not every system has,
    files that can not be read.

    Args:
        own: Speaks to the server as the agent.
        of_job: Speaks to it as the job, which may bring in contents.
        job: Whose outputs they are.
        attempt: Number of the attempt.
        work: The attempt's working folder. Links in it are not followed.

    Raises:
        ClientError: The server can not be reached, or refuses.
        JobTokenRefusedError: It takes no more contents from this job.
        StorageError: A file changed meanwhile.
    """
    left_out: list[str] = []
    found = [*_iter_files(work / FOLDER_NAME, left_out)]
    for start in range(0, len(found), _BATCH):
        batch = found[start : start + _BATCH]
        contents = [Content(item.digest, item.size_bytes, file) for file, item in batch]
        try:
            upload_contents(of_job, contents)
        except (AuthenticationError, AuthorizationError) as error:
            # Told apart from a refusal of the agent: this one does not pass.
            raise JobTokenRefusedError(f"The job's outputs are not taken: {error.message}") from error
        _note(own, job, attempt, [item for _, item in batch])
    return left_out


def list_outputs(transport: Transport, job: str, *, attempt: int | None = None) -> list[Item]:
    """Return the files that a job left, in the order of their paths."""
    params = {"limit": 1000} | ({} if attempt is None else {"attempt": attempt})
    found = iter_results(transport, f"jobs/{quote(job, safe='')}/outputs/", params=params)
    return [Item(row["path"], row["size_bytes"], row["digest"]) for row in found]


def download_outputs(
    transport: Transport, job: str, items: Sequence[Item], folder: Path, *, attempt: int | None = None
) -> None:
    """Write a job's outputs into `folder`, which must not be there; it appears when all are checked.

    Raises:
        SynapseError: The folder is there and not empty.
        StorageError: A path leads out of it, or the server sent something else than it named.
        ClientError: The server can not be reached, or refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SynapseError(
            f"{folder} is there already, and is left as it is.",
            {"path": str(folder)},
            hint="Choose another --to.",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = temporary_sibling(folder.parent, label=folder.name)
    try:
        for item in items:
            _download(transport, job, item, path_inside(partial, item.path), attempt)
        partial.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _download(transport: Transport, job: str, item: Item, target: Path, attempt: int | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path = f"jobs/{quote(job, safe='')}/outputs/{quote(item.path)}"
    params = {} if attempt is None else {"attempt": attempt}
    with transport.stream(path, params=params) as response, target.open("xb") as stream:
        for chunk in response.iter_bytes():
            stream.write(chunk)
    if digest_file(target)[0] != item.digest:
        raise StorageError(f"{item.path} did not arrive as it is on the server.", {"path": item.path})


def _iter_files(root: Path, left_out: list[str]) -> Iterator[tuple[Path, Item]]:
    if root.is_symlink():
        left_out.append(f"{FOLDER_NAME} is a link, which is not followed.")
        return
    for folder, folders, names in os.walk(root, followlinks=False):
        folders.sort()
        for name in sorted([*names, *(name for name in folders if (Path(folder) / name).is_symlink())]):
            file = Path(folder) / name
            path = file.relative_to(root).as_posix()
            problem = _find_problem(file, path)
            if problem is None:
                try:
                    digest, size_bytes = digest_file(file)
                except OSError as error:
                    problem = f"it can not be read: {error.strerror}"
                else:
                    yield file, Item(path, size_bytes, digest)
            if problem is not None:
                left_out.append(f"{FOLDER_NAME}/{path!r} stays behind: {problem}.")


def _find_problem(file: Path, path: str) -> str | None:
    """Say why a file can not be kept, None when it can."""
    # A link would let a run read files of the agent's machine that are not its own.
    if file.is_symlink():
        return "it is a link, which is not followed"
    if not file.is_file():
        return "it is no file"
    # As the server has it; half characters are how Python reads names that are no UTF-8.
    if not path.isprintable() or "\\" in path or len(path) > _PATH_LIMIT:
        return f"its path is not made of up to {_PATH_LIMIT:,} printable characters without backslashes"
    return None


def _note(own: Transport, job: str, attempt: int, items: Sequence[Item]) -> None:
    files = [{"path": item.path, "size_bytes": item.size_bytes, "digest": item.digest} for item in items]
    own.post(f"jobs/{job}/attempts/{attempt}/outputs/", json={"files": files}, retries=False)
