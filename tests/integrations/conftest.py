"""An action whose events are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.plugins.recording import RecordingSink

from synapse_sdk.integrations import disable_autolog, list_integrations
from synapse_sdk.plugins import BaseAction, BaseTrainAction, RuntimeContext
from synapse_sdk.plugins.events import EventStream


class Reports:
    """What an action reported."""

    def __init__(self) -> None:
        self.sink = RecordingSink()
        self.stream = EventStream([self.sink], job="job")

    def action(self, execute: Callable[[BaseAction[Any]], Any]) -> BaseAction[Any]:
        """Return an action that does this."""

        class Train(BaseTrainAction[Any]):
            def execute(self) -> Any:
                return execute(self)

        return Train({}, RuntimeContext(self.stream, {}, "job"))

    def metrics(self, category: str) -> list[dict[str, float]]:
        self.stream.flush()
        return [dict(event.values or {}) for event in self.sink.of_kind("metric") if event.step == category]

    def last_progress(self) -> tuple[float, float]:
        self.stream.flush()
        body = self.sink.of_kind("progress")[-1].body or {}
        return body["current"], body["total"]

    def texts(self) -> list[str]:
        self.stream.flush()
        return self.sink.contents()


@pytest.fixture
def reports() -> Iterator[Reports]:
    found = Reports()
    yield found
    found.stream.close()
    for framework in list_integrations():
        disable_autolog(framework)
