"""What the console calls, and nothing more: the services of the server's subjects, as protocols.

What they return is shown by templates, which read attributes; it is typed where code here reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol

from synapse_sdk.storage.stored_bytes import StoredBytes

Stream = Literal["stdout", "stderr"]
Axis = Literal["ordinal", "epoch", "global_step"]
Order = Literal["oldest", "newest"]


class Principal(Protocol):
    """Who is asking."""

    @property
    def role(self) -> Any:
        """Role in the workspace; None without one."""

    @property
    def workspace_id(self) -> int:
        """The one workspace that it sees."""

    def may(self, scope: str) -> bool:
        """Is this allowed?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWish:
    """A job that somebody asks for; the same fields as the jobs subject reads."""

    plugin: str
    action: str
    version: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    agent_id: int | None = None
    is_debug: bool = False
    language: str = "en"
    cpus: int | None = None
    gpus: int | None = None
    time_limit_s: float | None = None


class Accounts(Protocol):
    """Sessions, tokens, and what was refused."""

    def authenticate_session(self, cookie: str) -> tuple[Any, str]:
        """Return who a cookie belongs to, and the CSRF token of its forms."""

    def sign_in_by_link(self, secret: str) -> str:
        """Return the cookie of a new session."""

    def sign_in_by_password(self, name: str, password: str) -> str:
        """Return the cookie of a new session."""

    def sign_out(self, cookie: str) -> None:
        """End a session."""

    def list_tokens(self, principal: Any, *, after: int, limit: int) -> Sequence[Any]:
        """Return tokens that somebody may see."""

    def create_own_token(
        self, principal: Any, *, kind: Any, name: str, role: Any, life: timedelta | None, once: Any
    ) -> Any:
        """Make a token."""

    def revoke_token(self, principal: Any, token_id: int) -> None:
        """End a token."""

    def list_audit_entries(self, principal: Any, *, before: int | None, limit: int) -> Sequence[Any]:
        """Return what was refused, newest first."""

    def record_refusal(self, principal: Any, what: str, detail: str) -> None:
        """Keep that something was refused."""


class Releases(Protocol):
    """Plugins and their releases."""

    def list_plugins(self, principal: Any, *, after: int = 0, limit: int) -> Sequence[Any]:
        """Return plugins, oldest first."""

    def get_plugin(self, principal: Any, lookup: str) -> Any:
        """Return a plugin by its code or id."""

    def find_latest(self, plugin: Any) -> Any:
        """Return a plugin's latest release."""

    def list_releases(
        self, principal: Any, *, code: str | None = None, before: int | None = None, limit: int
    ) -> tuple[Sequence[Any], int]:
        """Return releases, newest first, and how many there are."""

    def get_release(self, reader: Any, lookup: str | int) -> Any:
        """Return a release by its id or `code@version`."""

    def list_files(self, release: Any, *, after: str = "", limit: int = 1000) -> Sequence[Any]:
        """Return files of a release."""

    def get_file(self, release: Any, path: str) -> Any:
        """Return a file of a release."""


class Jobs(Protocol):
    """Jobs, as people see them."""

    def submit(self, principal: Any, wish: Any, *, once: Any) -> Any:
        """Make a job of a `RunWish`."""

    def get(self, principal: Any, lookup: str) -> Any:
        """Return a job by its id or number."""

    def get_details(self, principal: Any, lookup: str) -> tuple[Any, Any, Sequence[Any]]:
        """Return a job, what of it can be large, and its attempts."""

    def list_jobs(
        self,
        principal: Any,
        *,
        before: int | None,
        limit: int,
        states: Sequence[str] = (),
        plugin: str | None = None,
        action: str | None = None,
    ) -> tuple[Sequence[Any], int]:
        """Return jobs, newest first, and how many there are."""

    def stop(self, principal: Any, lookup: str) -> Any:
        """Ask a job to end."""


class Agents(Protocol):
    """Agents of a workspace."""

    def list_agents(self, principal: Any, *, after: int, limit: int) -> Sequence[Any]:
        """Return agents."""

    def is_connected(self, agent: Any) -> bool:
        """Was it heard of recently?"""


class Events(Protocol):
    """Events of jobs."""

    def read(
        self, principal: Any, lookup: str, *, after: int, limit: int, kinds: Sequence[str] = ()
    ) -> tuple[Any, Sequence[Any]]:
        """Return a job and its events after a cursor."""


class Metrics(Protocol):
    """Metric series of jobs."""

    def read(
        self,
        principal: Any,
        lookup: str,
        *,
        points: int,
        points_in_all: int | None = None,
        x_axis: Axis = "ordinal",
    ) -> Sequence[Any]:
        """Return series, each as rows of points or of buckets."""


class Logs(Protocol):
    """Logs of attempts."""

    def read_lines(
        self,
        principal: Any,
        lookup: str,
        *,
        attempt: int | None = None,
        stream: Stream = "stdout",
        from_line: int = 0,
        line_limit: int,
        contains: str | None = None,
    ) -> Any:
        """Return lines of a log."""

    def read_bytes(
        self,
        principal: Any,
        lookup: str,
        *,
        attempt: int | None,
        stream: Stream,
        offset: int,
        limit_bytes: int,
    ) -> bytes:
        """Return bytes of a log from an offset on, none at its end."""


class Ending(Protocol):
    """Knows whether the server is about to end."""

    @property
    def is_closed(self) -> bool:
        """Has it been told to end? Then nobody should wait any more."""


class JobSubject(Protocol):
    """The services of the jobs subject."""

    @property
    def notifier(self) -> Ending:
        """Says when the server is about to end."""

    @property
    def jobs(self) -> Jobs:
        """Jobs."""

    @property
    def agents(self) -> Agents:
        """Agents."""

    @property
    def events(self) -> Events:
        """Events."""

    @property
    def metrics(self) -> Metrics:
        """Metrics."""

    @property
    def logs(self) -> Logs:
        """Logs."""


class Outputs(Protocol):
    """Files that jobs left behind."""

    def list_outputs(
        self, principal: Any, lookup: str, *, attempt: int | None, after: str, limit: int
    ) -> Sequence[Any]:
        """Return outputs of an attempt, the latest unless told."""

    def get_output(self, principal: Any, lookup: str, path: str, *, attempt: int | None) -> Any:
        """Return one output."""


class Datasets(Protocol):
    """Datasets and their versions."""

    def list_datasets(
        self,
        principal: Any,
        *,
        after: int | None = None,
        limit: int = 100,
        order: Order = "oldest",
        name: str | None = None,
    ) -> tuple[Sequence[Any], int]:
        """Return datasets, and how many there are."""

    def get_dataset(self, principal: Any, dataset_id: int) -> Any:
        """Return a dataset."""

    def list_versions(
        self, principal: Any, dataset_id: int, *, after: int = 0, limit: int = 100
    ) -> Sequence[Any]:
        """Return versions of a dataset, oldest first."""

    def get_version(self, principal: Any, dataset_id: int, number: int) -> Any:
        """Return a version."""

    def list_items(self, version: Any, *, after: str = "", limit: int = 1000) -> Sequence[Any]:
        """Return items of a version."""

    def get_item(self, version: Any, path: str) -> Any:
        """Return an item."""


class Models(Protocol):
    """Models."""

    def list_models(
        self,
        principal: Any,
        *,
        after: int | None = None,
        limit: int = 100,
        order: Order = "oldest",
        name: str | None = None,
        job_id: str | None = None,
    ) -> tuple[Sequence[Any], int]:
        """Return models, and how many there are."""

    def get_model(self, principal: Any, model_id: int) -> Any:
        """Return a model."""

    def list_files(self, model: Any, *, after: str = "", limit: int = 1000) -> Sequence[Any]:
        """Return files of a model."""

    def get_file(self, model: Any, path: str) -> Any:
        """Return a file of a model."""


class DataSubject(Protocol):
    """The services of the data subject."""

    @property
    def datasets(self) -> Datasets:
        """Datasets."""

    @property
    def models(self) -> Models:
        """Models."""


class RegistrySubject(Protocol):
    """The services of the registry subject."""

    @property
    def releases(self) -> Releases:
        """Plugins and releases."""


class Contents(Protocol):
    """Stored bytes."""

    def get(self, digest: str) -> StoredBytes:
        """Return them; none is read yet."""


class ConsoleServices(Protocol):
    """All that the console calls."""

    def once(self, principal: Any, key: str | None, what: str) -> Any:
        """Return the idempotency key of a form that says `what`, for services that create."""

    @property
    def accounts(self) -> Accounts:
        """Accounts."""

    @property
    def registry(self) -> RegistrySubject:
        """Plugins and releases."""

    @property
    def data(self) -> DataSubject:
        """Datasets and models."""

    @property
    def jobs(self) -> JobSubject:
        """Jobs."""

    @property
    def outputs(self) -> Outputs:
        """Files that jobs left behind."""

    @property
    def files(self) -> Contents:
        """Stored bytes."""
