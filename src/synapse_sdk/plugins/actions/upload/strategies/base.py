"""What a strategy is: one decision of an upload that a plugin can make itself.

A step asks its strategy, and keeps the account: what a strategy does not return has an entry that says so.
Source: interface sheet `actions.md` §7.5.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.upload.discovery import FoundFile, Problem, find_problem

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.upload.context import UploadContext
    from synapse_sdk.plugins.actions.upload.metadata_match import Unmatched


@dataclass
class ValidationResult:
    """What a check found. One that is not `valid` ends the upload."""

    valid: bool = True
    errors: list[str] = field(default_factory=list)
    #: Files that are not uploaded, and with them their groups; the others are.
    refused: dict[Path, Problem] = field(default_factory=dict)


@dataclass
class UploadConfig:
    """How files are to be sent."""

    #: Larger files travel in chunks.
    chunked_threshold_mb: float = 50
    batch_size: int = 200
    max_workers: int = 10
    max_retries: int = 2
    use_presigned: bool = True


class ValidationStrategy(ABC):
    """Whether an upload may begin, and which files may be part of it."""

    @abstractmethod
    def validate_params(self, params: dict[str, Any]) -> ValidationResult:
        """Check the params, before anything is read."""

    @abstractmethod
    def validate_files(self, files: list[dict[str, Any]], context: UploadContext) -> ValidationResult:
        """Check groups of files: `{files: {specification: Path}, meta}`."""


class FileDiscoveryStrategy(ABC):
    """Which files there are, and which belong together."""

    #: Links may lead to files inside of this; the folder that is listed unless set.
    root: Path | None = None
    #: What is not looked at.
    without: Collection[Path] = ()
    #: File names that several rows of metadata begin with.
    repeated_rows: Collection[str] = ()
    #: All that the last `discover` came across, also what it left out; None where it does not say.
    listed: Sequence[FoundFile] | None = None
    #: Files that the last `organize` found no place for, and why.
    unfit: Sequence[tuple[Sequence[Path], Problem]] = ()
    #: Rows of metadata that the last `organize` could not use.
    unmatched: Sequence[Unmatched] = ()

    @abstractmethod
    def discover(self, path: Path, recursive: bool) -> list[Path]:
        """Return the files of a folder that are to be uploaded."""

    @abstractmethod
    def organize(
        self,
        files: list[Path],
        specs: list[dict[str, Any]],
        metadata: dict[str, dict[str, str]],
        type_dirs: dict[str, Path],
    ) -> list[dict[str, Any]]:
        """Return the groups that become data units: `{files: {specification: Path}, meta}`.

        Args:
            files: What `discover` returned for all folders.
            specs: The collection's file specifications, each with `name`, `file_type`, `is_required`.
            metadata: Values by the file name that a row begins with.
            type_dirs: The folder of each specification, by its name.
        """


class MetadataStrategy(ABC):
    """What a table says of the files."""

    #: File name and reason of each row that the last `extract` could not use.
    problems: Sequence[tuple[str, str]] = ()
    #: File names that several rows begin with.
    repeated: Collection[str] = ()

    @abstractmethod
    def extract(self, source: Path) -> dict[str, dict[str, str]]:
        """Return values by the file name that a row begins with.

        Raises:
            ExcelSecurityError: The table is larger than one may be.
            ExcelParsingError: It can not be read, or its header is wrong.
        """

    @abstractmethod
    def validate(self, metadata: dict[str, dict[str, str]]) -> ValidationResult:
        """Check what `extract` returned."""


class UploadStrategy(ABC):
    """How the bytes get to the server."""

    def __init__(self, context: UploadContext) -> None:
        self.context = context

    @abstractmethod
    def upload(self, files: list[dict[str, Any]], config: UploadConfig) -> list[dict[str, Any]]:
        """Send groups; return those that arrived, with `files` as `{specification: {checksum, path}}`."""


class DataUnitStrategy(ABC):
    """How groups become data units."""

    def __init__(self, context: UploadContext) -> None:
        self.context = context

    @abstractmethod
    def generate(self, files: list[dict[str, Any]], batch_size: int) -> list[dict[str, Any]]:
        """Make a data unit of each group; return the server's records, in order."""


@dataclass(frozen=True)
class StrategyKind:
    """A decision: its base class, and whether a strategy is made for one upload."""

    base: type
    takes_context: bool = False


#: By their names in `UploadContext.strategies`.
STRATEGY_KINDS: dict[str, StrategyKind] = {
    "validation": StrategyKind(ValidationStrategy),
    "file_discovery": StrategyKind(FileDiscoveryStrategy),
    "metadata": StrategyKind(MetadataStrategy),
    "upload": StrategyKind(UploadStrategy, takes_context=True),
    "data_unit": StrategyKind(DataUnitStrategy, takes_context=True),
}


def is_uploadable(path: Path) -> bool:
    """Is it a file that has bytes and can be read?"""
    return find_problem(path, path.name, path.resolve().parent) is None


def count_uploadable_files(groups: Sequence[Mapping[str, Any]]) -> int:
    """Return how many files of groups could be uploaded."""
    return sum(is_uploadable(Path(path)) for group in groups for path in group["files"].values())
