"""Every wire value is frozen, versioned, tolerant of newer writers, and writes itself the same again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pydantic
import pytest
from tests.plugins.recording import strict_json

from synapse_sdk.wire.base import WireModel
from synapse_sdk.wire.envelope import (
    Envelope,
    EnvironmentReference,
    InputReference,
    PluginReference,
    Resources,
)
from synapse_sdk.wire.event import Event
from synapse_sdk.wire.outcome import Failure, RunOutcome

AT = datetime(2026, 12, 1, 9, 30, 15, 123, tzinfo=UTC)
ENVELOPE = Envelope(
    job="j",
    workspace="local",
    mode="local",
    plugin=PluginReference(code="a", version="0.1.0", folder="/a", folder_digest="sha256:0"),
    action="train",
    entrypoint="plugin.train:Train",
    params={"rate": float("nan"), "names": ["a", None], "deep": {"x": float("inf")}},
    inputs=(InputReference(kind="dataset", id=1, version=2, digest="sha256:1"),),
    environment=EnvironmentReference(interpreter="cpython 3.11", platform="linux-x86_64", sdk_version="1"),
    seed=5,
    resources=Resources(cpus=2),
    created_at=AT,
)
OUTCOME = RunOutcome(
    job="j",
    state="FAILED",
    cause="action",
    reason="no data",
    failure=Failure(type="LookupError", message="no data", details={"a": [1]}, traceback="…"),
    result={"loss": 0.5},
    started_at=AT,
    ended_at=AT,
    event_count=3,
)
EVENT = Event(job="j", producer="worker", seq=1, at=AT, kind="state", body={"state": "RUNNING"})
VALUES: list[WireModel] = [ENVELOPE, OUTCOME, EVENT]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_written_as_standard_json_and_reads_back_the_same(value: WireModel):
    text = value.model_dump_json(indent=2)

    strict_json(text)
    assert type(value).model_validate_json(text).model_dump_json(indent=2) == text


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_fields_that_a_newer_writer_added_are_passed_over_at_every_depth(value: WireModel):
    document = json.loads(value.model_dump_json())
    newer = _add_a_field(document) | {"added_later": 1}

    again = type(value).model_validate(newer)

    assert json.loads(again.model_dump_json()) == document


def _add_a_field(document: dict[str, Any]) -> dict[str, Any]:
    """Add a field to every model in a document; what is the author's own stays theirs."""
    free = {"params", "body", "result", "details"}
    return {
        name: _add_a_field(item) | {"added_later": 1} if isinstance(item, dict) and name not in free else item
        for name, item in document.items()
    }


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_can_not_be_changed(value: WireModel):
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        value.schema_version = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        (Envelope, ["job", "workspace", "mode", "plugin", "action", "entrypoint", "params", "environment",
                    "created_at"]),
        (RunOutcome, ["job", "state", "started_at", "ended_at"]),
        (PluginReference, ["code", "version"]),
        (InputReference, ["kind", "id", "digest"]),
        (EnvironmentReference, ["interpreter", "platform", "sdk_version"]),
        (Failure, ["type", "message"]),
        (Resources, []),
    ],
)  # fmt: skip
def test_only_what_version_1_began_with_is_required(model: type[WireModel], missing: list[str]):
    required = [name for name, field in model.model_fields.items() if field.is_required()]

    assert (
        required == missing
    )  # a field added later must have a default, or yesterday's records are unreadable
    assert model.model_fields["schema_version"].default == 1


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "failed", ""])
def test_an_outcome_is_an_end(state: str):
    with pytest.raises(pydantic.ValidationError, match="SUCCEEDED"):
        RunOutcome.model_validate(OUTCOME.model_dump() | {"state": state})
