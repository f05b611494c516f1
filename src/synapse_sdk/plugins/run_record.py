"""`.synapse/` in a plugin folder: what ran here, with what, and how it went.

```text
.synapse/
├── .gitignore        "*": nothing in here is source
├── format            "1"; a newer one is refused
└── runs/<number>/
    ├── envelope.json     written before the action starts
    ├── events.jsonl      appended while it runs; locked by the process that runs it
    └── outcome.json      written when it has ended
```
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic_core import PydanticSerializationError

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.jsonable import escape_surrogates
from synapse_sdk.plugins.config_file import find_config
from synapse_sdk.plugins.errors import ConfigNotFoundError
from synapse_sdk.plugins.event_encoder import PartlyWrittenError
from synapse_sdk.wire.envelope import Envelope
from synapse_sdk.wire.event import Event
from synapse_sdk.wire.outcome import RunOutcome

if TYPE_CHECKING:
    from synapse_sdk.plugins.event_encoder import EncodedEvent

FOLDER_NAME = ".synapse"
FORMAT = 1

RunState = Literal["RUNNING", "SUCCEEDED", "FAILED", "STOPPED"]


class RunRecordError(SynapseError):
    """A run's record can not be read or written."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as its folder tells it."""

    number: int
    folder: Path
    envelope: Envelope
    outcome: RunOutcome | None
    state: RunState
    reason: str | None

    @property
    def events_file(self) -> Path:
        """Where its events are, one JSON document a line."""
        return self.folder / "events.jsonl"


class RunRecord:
    """A run being recorded. Itself a sink for its events."""

    is_shared_with_children = True

    def __init__(self, number: int, folder: Path, descriptor: int | None = None) -> None:
        """Take over a record that `create` began. Without its descriptor, of a child process: opened anew."""
        self.number = number
        self.folder = folder
        self._descriptor = descriptor

    @property
    def events_file(self) -> Path:
        """Where the events go, one JSON document a line."""
        return self.folder / "events.jsonl"

    def __reduce__(self) -> tuple[type[RunRecord], tuple[int, Path]]:
        return RunRecord, (self.number, self.folder)

    @classmethod
    def create(cls, plugin_folder: Path, envelope: Envelope) -> RunRecord:
        """Begin a record under the next free number, with the envelope written.

        Raises:
            RunRecordError: The folder can not be written, or is of a newer format.
        """
        try:
            runs = _ensure_records_folder(plugin_folder)
            number, folder = _claim_number(runs)
            # Locked before the envelope is there: who sees a run sees it alive.
            descriptor = os.open(
                folder / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            atomic_write(folder / "envelope.json", encode_document(envelope))
        except OSError as error:
            raise RunRecordError(
                f"The run can not be recorded in {plugin_folder / FOLDER_NAME}: {error.strerror or error}.",
                {"folder": str(plugin_folder / FOLDER_NAME)},
                hint="Make room or make the folder writable; nothing was run.",
            ) from error
        return cls(number, folder, descriptor)

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        """Append events, each whole: a line that does not fit on the disk is taken back."""
        if self._descriptor is None:
            self._descriptor = os.open(self.events_file, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        append_events(self._descriptor, batch)

    def close(self) -> None:
        """Nothing: the lock is kept until `finish`, so that the run is not seen as lost in between."""

    def finish(self, outcome: RunOutcome) -> None:
        """Write how it ended, and let go of the lock.

        Raises:
            RunRecordError: It could not be written.
        """
        try:
            atomic_write(self.folder / "outcome.json", encode_document(outcome))
        except OSError as error:
            raise RunRecordError(
                f"The end of run {self.number} can not be recorded in {self.folder}: "
                f"{error.strerror or error}.",
                {"folder": str(self.folder), "state": outcome.state},
                hint="Make room there. The run itself is over, and its result was not lost.",
            ) from error
        finally:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def append_events(descriptor: int, batch: Sequence[EncodedEvent]) -> None:
    """Append events to a file opened with O_APPEND, each whole: a line that does not fit is taken back.

    Raises:
        PartlyWrittenError: Only the first events were taken.
        OSError: None was.
    """
    data, written = b"".join(event.line + b"\n" for event in batch), 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:])
    except OSError as error:
        whole = data.rfind(b"\n", 0, written) + 1
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - (written - whole))
        if whole:
            raise PartlyWrittenError(data.count(b"\n", 0, whole)) from error
        raise


def encode_document(value: Envelope | RunOutcome) -> bytes:
    """Write a wire value as the bytes of a file of its own."""
    try:
        return value.model_dump_json(indent=2).encode() + b"\n"
    except PydanticSerializationError:  # half characters, in the message of an error for instance
        value = type(value).model_validate(escape_surrogates(value.model_dump()))
        return value.model_dump_json(indent=2).encode() + b"\n"


def find_records_folder(path: Path) -> Path:
    """Return the folder whose runs are meant: that of the plugin at `path`, or one where runs are recorded.

    Raises:
        ConfigNotFoundError: There is neither a plugin nor a record.
    """
    try:
        return find_config(path).parent
    except ConfigNotFoundError:
        if (path / FOLDER_NAME / "runs").is_dir():
            return path.absolute()
        raise


def list_runs(plugin_folder: Path, *, damaged: list[RunRecordError] | None = None) -> list[RecordedRun]:
    """Return the runs recorded in a plugin folder, newest first.

    Args:
        plugin_folder: The plugin's folder.
        damaged: Takes the errors of records that can not be read, instead of the first being raised.

    Raises:
        RunRecordError: A record is damaged, or the folder is of a newer format.
    """
    runs = plugin_folder / FOLDER_NAME / "runs"
    _check_format(plugin_folder / FOLDER_NAME)
    numbers = sorted((int(entry.name) for entry in _entries(runs) if entry.name.isdigit()), reverse=True)
    found = []
    for number in numbers:
        try:
            run = _find_run(runs / str(number))
        except RunRecordError as error:
            if damaged is None:
                raise
            damaged.append(error)
            continue
        if run is not None:
            found.append(run)
    return found


def get_run(plugin_folder: Path, number: int) -> RecordedRun:
    """Return one recorded run.

    Raises:
        RunRecordError: There is none of that number, or its files can not be read.
    """
    _check_format(plugin_folder / FOLDER_NAME)
    run = _find_run(plugin_folder / FOLDER_NAME / "runs" / str(number))
    if run is None:
        known = [run.number for run in list_runs(plugin_folder, damaged=[])[:5]]
        raise RunRecordError(
            f"There is no run {number} in {plugin_folder}.",
            {"number": number, "latest": known},
            hint=f"The latest are {', '.join(map(str, known))}." if known else "Nothing was run here yet.",
        )
    return run


def get_latest_run(plugin_folder: Path) -> RecordedRun:
    """Return the run that was begun last.

    Raises:
        RunRecordError: Nothing was run here yet.
    """
    runs = list_runs(plugin_folder, damaged=[])
    if not runs:
        raise RunRecordError(
            f"Nothing was run in {plugin_folder} yet.",
            {"folder": str(plugin_folder)},
            hint="Run something: synapse plugin run ACTION",
        )
    return runs[0]


def iter_events(run: RecordedRun) -> Iterator[Event]:
    """Read a run's events in the order of their arrival. A line that a crash cut short ends the reading."""
    with run.events_file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Event.model_validate_json(line)
            except ValueError as error:
                raise RunRecordError(f"{run.events_file}:{number} is not an event: {error}.") from error


def _find_run(folder: Path) -> RecordedRun | None:
    try:
        envelope = Envelope.model_validate_json((folder / "envelope.json").read_bytes())
    except FileNotFoundError:
        return None  # died before its envelope: nothing ran
    except ValueError as error:
        raise _damaged(folder / "envelope.json") from error
    is_alive = _is_locked(folder / "events.jsonl")
    outcome = _find_outcome(folder)
    state: RunState
    if outcome is not None:
        state, reason = outcome.state, outcome.reason
    elif is_alive:
        state, reason = "RUNNING", None
    else:
        state, reason = "FAILED", "lost: its process ended without saying how"
    return RecordedRun(int(folder.name), folder, envelope, outcome, state, reason)


def _find_outcome(folder: Path) -> RunOutcome | None:
    try:
        return RunOutcome.model_validate_json((folder / "outcome.json").read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(folder / "outcome.json") from error


def _damaged(file: Path) -> RunRecordError:
    return RunRecordError(
        f"{file} is damaged: it is not what this SDK writes there.",
        {"file": str(file)},
        hint=f"Put it back, or move {file.parent} away.",
    )


def _is_locked(file: Path) -> bool:
    """Does the process that writes `file` still live? The kernel drops its lock when it dies."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _ensure_records_folder(plugin_folder: Path) -> Path:
    root = plugin_folder / FOLDER_NAME
    _check_format(root)
    runs = root / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    if not (root / "format").exists():
        atomic_write(root / ".gitignore", b"*\n")
        atomic_write(root / "format", f"{FORMAT}\n".encode())
    return runs


def _check_format(root: Path) -> None:
    try:
        found = (root / "format").read_text().strip()
    except FileNotFoundError:
        return
    if not (found.isascii() and found.isdigit()) or int(found) > FORMAT:
        raise RunRecordError(
            f"{root} has the format {found!r}; this SDK reads up to {FORMAT}.",
            {"folder": str(root), "format": found, "known": FORMAT},
            hint="Upgrade synapse-sdk, or move the folder away.",
        )


def _claim_number(runs: Path) -> tuple[int, Path]:
    number = max((int(entry.name) for entry in _entries(runs) if entry.name.isdigit()), default=0) + 1
    while True:
        try:
            (runs / str(number)).mkdir()
        except FileExistsError:
            number += 1  # another process was faster
        else:
            return number, runs / str(number)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
