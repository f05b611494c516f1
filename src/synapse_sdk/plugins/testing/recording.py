"""What an action reported, to be looked at when it has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.context import PluginEnvironment, RuntimeContext
from synapse_sdk.plugins.event_encoder import EncodedEvent
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.wire.event import Event


class RecordingSink:
    """Keeps every event, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, batch: Iterable[EncodedEvent]) -> None:
        """Keep events."""
        self.events += [encoded.event for encoded in batch]

    def close(self) -> None:
        """Nothing is open."""

    @property
    def messages(self) -> list[str]:
        """The texts of the messages."""
        return [(event.body or {})["content"] for event in self._of_kind("message")]

    @property
    def metrics(self) -> list[tuple[str | None, dict[str, float]]]:
        """Step and numbers of each report of metrics."""
        return [(event.step, dict(event.values or {})) for event in self._of_kind("metric")]

    @property
    def progress(self) -> list[tuple[str | None, float]]:
        """Step and percent of each report of progress; a step of None is the whole."""
        return [(event.step, _percent(event)) for event in self._of_kind("progress")]

    def logged(self, name: str) -> list[dict[str, Any]]:
        """Return the data of each event of the author's own with this name."""
        return [dict(event.body or {}) for event in self._of_kind("log") if event.name == name]

    def _of_kind(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def _percent(event: Event) -> float:
    body = event.body or {}
    return 100 * float(body["current"]) / float(body["total"])


class RecordingContext(RuntimeContext):
    """A `RuntimeContext` for calling an action, a step or a function directly; `recorded` has its reports.

    ```python
    ctx = RecordingContext(env={"BATCH": "8"})
    assert Train(TrainParams(dataset=1), ctx).run() == {"epochs": 3}
    assert ctx.recorded.metrics == [("train", {"loss": 0.5})]
    ```
    """

    __slots__ = ("_sink", "_stream")

    def __init__(
        self,
        *,
        env: Mapping[str, Any] | None = None,
        client: Any = None,
        workspace: Any = None,
        checkpoint: Mapping[str, Any] | None = None,
        job_id: str | None = None,
        language: str | None = None,
    ) -> None:
        """Set up.

        Args:
            env: Variables; the process's own do not count here.
            client: What `ctx.client` is, such as a `FakeBackend`.
            workspace: Where datasets and models are: a `LocalWorkspace`, or the path of its folder.
            checkpoint: What whoever started the run chose to go on from.
            job_id: Id of the run.
            language: Language of messages.
        """
        self._sink = RecordingSink()
        self._stream = EventStream([self._sink])
        super().__init__(
            self._stream,
            PluginEnvironment(dict(env or {})),
            job_id,
            client,
            checkpoint=checkpoint,
            language=language,
            open_workspace=None if workspace is None else lambda: _open(workspace),
        )

    @property
    def recorded(self) -> RecordingSink:
        """What was reported so far."""
        self._stream.flush()
        return self._sink

    def close(self) -> None:
        """End the thread that takes the events."""
        self._stream.close()


def _open(workspace: Any) -> Any:
    if isinstance(workspace, str | Path):
        from synapse_sdk.workspace import LocalWorkspace

        return LocalWorkspace(Path(workspace))
    return workspace
