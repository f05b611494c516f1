"""Exports that the server carries out: asked for, followed, given up, read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import Asked, LabellingServer

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins.actions.export import AssignmentExportTargetHandler
from synapse_sdk.plugins.actions.export.bundle_read import (
    BundleTraversalError,
    cleanup_delegated_bundle,
    is_zero_result_bundle,
    map_files_to_bundle_local,
    resolve_bundle_jsonl_paths,
    resolve_bundle_prefix,
    stream_bundle_records,
)
from synapse_sdk.plugins.actions.export.delegation import (
    DelegatedExportError,
    DelegationConfig,
    PollPatienceConfig,
    resolve_delegation_decision,
    run_delegated_export,
    stream_export_progress,
)
from synapse_sdk.plugins.errors import ExecutionError

AT_ONCE = DelegationConfig(is_enabled=True, patience=PollPatienceConfig(interval=0))
ASKED = {"target": "assignment", "storage_id": 1, "path": "out/cats", "filters": {"project": 1}}
JOB = "v2/async_jobs/j1"


@pytest.fixture
def client(labelling: LabellingServer) -> Iterator[BackendClient]:
    with closing(BackendClient(labelling.url, "the-token")) as client:
        yield client


def answer(labelling: LabellingServer, status: str, **data: Any) -> None:
    """Have the server write a bundle, and its job end so."""

    def export(asked: Asked) -> dict[str, Any]:
        bundle = labelling.storage / asked.body["path"]
        bundle.mkdir(parents=True)
        (bundle / "assignments.jsonl").write_text('{"id": 2}\n\n{"id": 1}\n')
        return {"data": {"job_id": "j1", "status": "PENDING", "targets": ["assignments"]}, "meta": {}}

    progress = {"processed_count": 2, "total_count": 2}
    labelling.documents["POST v2/plugin_exports"] = export
    labelling.documents[JOB] = {
        "data": {"id": "j1", "status": status, "progress": progress, "data": data},
        "meta": {},
    }
    labelling.documents[f"POST {JOB}/cancel"] = {"data": {"id": "j1"}, "meta": {}}


def test_the_server_exports_and_its_lines_are_read(labelling: LabellingServer, client: BackendClient):
    answer(labelling, "COMPLETED", manifest={"record_total": 2})
    seen: list[tuple[int, int]] = []

    result = run_delegated_export(
        client, **ASKED, config=AT_ONCE, on_progress=lambda done, total: seen.append((done, total))
    )

    assert (result.job_id, result.record_total, seen) == ("j1", 2, [(2, 2)])
    bundle = labelling.storage / resolve_bundle_prefix(result.job, result.path)
    paths = resolve_bundle_jsonl_paths(bundle, "assignment")
    assert [record["id"] for record in stream_bundle_records(paths)] == [2, 1]
    (asked,) = labelling.requests("v2/plugin_exports", "POST")
    assert asked.body["targets"] == ["assignments"]
    assert asked.body["filter"] == {"project": 1}
    assert labelling.requests(f"{JOB}/cancel", "POST") == []


def test_one_that_ended_badly_is_told_in_the_server_s_words(
    labelling: LabellingServer, client: BackendClient
):
    answer(labelling, "FAILED", error="the disk is full")

    with pytest.raises(DelegatedExportError, match="j1 ended as FAILED: the disk is full"):
        run_delegated_export(client, **ASKED, config=AT_ONCE)


def test_one_in_which_nothing_moves_is_given_up_and_cancelled(
    labelling: LabellingServer, client: BackendClient
):
    answer(labelling, "PROCESSING")
    patience = PollPatienceConfig(interval=0, inactivity_deadline=0)

    with pytest.raises(DelegatedExportError, match="Nothing has moved in the server's export j1"):
        run_delegated_export(client, **ASKED, config=DelegationConfig(patience=patience))

    assert len(labelling.requests(f"{JOB}/cancel", "POST")) == 1


def test_one_that_takes_too_long_in_all_is_given_up(labelling: LabellingServer, client: BackendClient):
    answer(labelling, "PROCESSING")
    moments = iter([0.0, 1.0, 2.0, 3.0, 100.0, 101.0, 102.0])
    patience = PollPatienceConfig(activity_based=False, wall_clock_ceiling=50)
    waits: list[float] = []

    with pytest.raises(DelegatedExportError, match="has not ended after"):
        list(stream_export_progress(client, "j1", patience, now=lambda: next(moments), sleep=waits.append))


def test_a_server_that_does_not_do_it_is_told(client: BackendClient):
    with pytest.raises(DelegatedExportError, match="carries out no exports by itself"):
        run_delegated_export(client, **ASKED)


@pytest.mark.parametrize(("threshold", "is_left"), [(2, True), (3, False)])
def test_it_is_decided_by_the_count(
    labelling: LabellingServer, client: BackendClient, threshold: int, is_left: bool
):
    for number in (1, 2):
        labelling.add("assignments", number)
    params = {"disable_async_delegate": False, "async_job_size_threshold": threshold}
    handler, config = AssignmentExportTargetHandler(), DelegationConfig.from_params(params)

    decision = resolve_delegation_decision(client, handler, {"project": 1}, config)

    assert (decision.should_delegate, decision.count) == (is_left, 2)
    assert not DelegationConfig.from_params({}).is_enabled


@pytest.mark.parametrize("threshold", [0, "5000", 2.5, True])
def test_a_threshold_is_a_number_of_items(threshold: Any):
    with pytest.raises(ExecutionError, match="async_job_size_threshold is a number of items, 1 or more, not"):
        DelegationConfig.from_params({"async_job_size_threshold": threshold})


@pytest.mark.parametrize(
    ("named", "asked", "found"),
    [
        ("exports/7", "", "exports/7"),
        ("/exports/7/", "/", "exports/7"),
        ("out/cats/7", "out/cats/", "out/cats/7"),
        (None, "/out/", "out"),
    ],
)
def test_a_bundle_is_where_the_job_says_below_what_was_asked(named: str | None, asked: str, found: str):
    assert resolve_bundle_prefix({"data": {"prefix": named}}, asked) == found


@pytest.mark.parametrize("asked", ["", "out"])
def test_a_bundle_is_not_above_the_storage(asked: str):
    with pytest.raises(BundleTraversalError):
        resolve_bundle_prefix({"data": {"prefix": "out/../../x"}}, asked)


def test_a_bundle_leads_nowhere_else(tmp_path: Path):
    bundle = tmp_path / "bundle"
    (bundle / "files").mkdir(parents=True)
    (bundle / "files/a.png").write_bytes(b"a")

    mapped = map_files_to_bundle_local({"file": {"image": {"path": "files/a.png"}}}, bundle)

    assert mapped["file"]["image"]["local_path"] == str(bundle / "files/a.png")
    with pytest.raises(BundleTraversalError):
        map_files_to_bundle_local({"file": {"path": "../../secret"}}, bundle)
    with pytest.raises(BundleTraversalError):
        resolve_bundle_prefix({"data": {"prefix": "elsewhere"}}, "out/cats")
    for place in (tmp_path, tmp_path.parent):
        with pytest.raises(BundleTraversalError):
            cleanup_delegated_bundle(place, tmp_path)
    cleanup_delegated_bundle(bundle, tmp_path)
    assert not bundle.exists()


def test_a_line_that_is_no_record_is_named(tmp_path: Path):
    assert is_zero_result_bundle(tmp_path, "task")
    (tmp_path / "tasks.jsonl").write_text(json.dumps({"id": 1}) + "\n[1]\n")

    with pytest.raises(ExecutionError, match=r"Line 2 of tasks\.jsonl .* is no record but list"):
        list(stream_bundle_records(resolve_bundle_jsonl_paths(tmp_path, "task")))
