"""Parts of an export that plugins use by themselves: downloads, the rhythm of reports, project, labels."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import LabellingServer
from tests.plugins.recording import RecordingSink

from synapse_sdk.clients import file_download
from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.exceptions import NotFoundError
from synapse_sdk.plugins import LocalExecutor
from synapse_sdk.plugins.actions.export import BaseExporter, handlers
from synapse_sdk.plugins.actions.export.gt_project import resolve_gt_project_id
from synapse_sdk.plugins.actions.export.parallel_download import download_files_parallel
from synapse_sdk.plugins.actions.export.progress_throttle import ProgressThrottle, build_throttle_from_params
from synapse_sdk.plugins.actions.export.report import REASON_LABELS_KO, ReportFile, find_reason_code
from synapse_sdk.plugins.errors import ExecutionError, MissingClientError


@pytest.fixture
def client(labelling: LabellingServer) -> Iterator[BackendClient]:
    with closing(BackendClient(labelling.url, "the-token")) as client:
        yield client


def export(labelling: LabellingServer, exporter: Any = BaseExporter, **more: Any) -> RecordingSink:
    asked = {
        "name": "cats",
        "storage": 1,
        "path": "exports",
        "target": "assignment",
        "filter": {"project": 1},
    }
    sink = RecordingSink()
    with closing(BackendClient(labelling.url, "the-token")) as client:
        LocalExecutor(sinks=[sink], client=client).execute(exporter, {**asked, **more})
    return sink


def test_files_are_downloaded_at_the_same_time(
    labelling: LabellingServer, client: BackendClient, tmp_path: Path
):
    labelling.files = {str(number): f"file {number}".encode() for number in range(6)}
    labelling.files_at_once = 3
    files = [(f"{labelling.url}/files/{number}", tmp_path / f"to/{number}.txt") for number in range(6)]

    assert download_files_parallel(client, iter(files), max_workers=3) == []

    assert [target.read_text() for _, target in files] == [f"file {number}" for number in range(6)]
    assert labelling.file_peak == 3


def test_what_could_not_be_downloaded_comes_back_with_its_error_and_the_others_are_there(
    labelling: LabellingServer, client: BackendClient, tmp_path: Path
):
    labelling.files = {"1": b"one", "3": b"three"}
    labelling.troubles["files/3"] = [0]
    files = [(f"files/{number}", tmp_path / str(number)) for number in (1, 2, 3)]

    ((missing, error),) = download_files_parallel(client, files)

    assert (missing, type(error)) == (tmp_path / "2", NotFoundError)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["1", "3"]
    assert (tmp_path / "3").read_bytes() == b"three"


def test_two_files_in_one_place_are_refused(client: BackendClient, tmp_path: Path):
    with pytest.raises(ValueError, match="two files are to be written to"):
        download_files_parallel(client, [("a", tmp_path / "x"), ("b", tmp_path / "x")])
    with pytest.raises(ValueError, match="at least 1, not 0"):
        download_files_parallel(client, [], max_workers=0)


def test_nothing_more_is_tried_where_nothing_can_succeed(tmp_path: Path):
    class Offline:
        def download_file(self, url: str, target: Path) -> int:
            raise MissingClientError.at("Export", "download_file()")

    with pytest.raises(MissingClientError):
        download_files_parallel(Offline(), [("a", tmp_path / "a")])


def test_progress_is_told_after_some_items_or_some_time():
    moments = iter([0.0, 0.1, 0.2, 0.3, 0.4, 0.9, 1.0])
    throttle = ProgressThrottle(interval=3, min_seconds=0.5, now=lambda: next(moments))

    assert [throttle.is_due() for _ in range(6)] == [False, False, True, False, True, False]


@pytest.mark.parametrize(
    ("params", "interval", "seconds"),
    [
        ({}, 25, 0.5),
        ({"export_progress_flush_interval": 5}, 5, 0.5),
        (
            {"extra_params": {"export_progress_flush_interval": 7, "export_progress_flush_min_seconds": 0}},
            7,
            0,
        ),
        ({"extra_params": None}, 25, 0.5),
    ],
)
def test_how_often_is_said_in_the_params(params: dict[str, Any], interval: int, seconds: float):
    throttle = build_throttle_from_params(params)

    assert (throttle.interval, throttle.min_seconds) == (interval, seconds)


@pytest.mark.parametrize("value", [0, -1, 2.5, "5", True])
def test_what_is_no_number_of_items_is_told(value: Any, labelling: LabellingServer):
    labelling.add("assignments", 1)

    with pytest.raises(
        ExecutionError, match=r"export_progress_flush_interval of an export is a number of items"
    ):
        export(labelling, extra_params={"export_progress_flush_interval": value})


def test_an_export_holds_to_it(labelling: LabellingServer):
    for number in range(1, 11):
        labelling.add("assignments", number)
    rhythm = {"export_progress_flush_interval": 4, "export_progress_flush_min_seconds": 3600}

    sink = export(labelling, extra_params=rhythm)

    told = [event.values["success"] for event in sink.of_kind("metric") if event.step == "data_file"]
    assert told == [4, 8, 10]


def test_the_constants_are_what_the_code_uses():
    assert len(file_download.RETRY_WAITS_S) == handlers.EXPORT_PAYLOAD_RETRIES
    with closing(BackendClient("http://127.0.0.1:9", "t")) as client:
        assert client._transport._read_timeout_s == handlers.EXPORT_PAYLOAD_TIMEOUT_SECONDS


def test_the_project_of_ground_truths_is_asked_for(labelling: LabellingServer, client: BackendClient):
    labelling.add("ground_truth_events", 1, ground_truth_dataset_versions=9, project=3)
    labelling.add("ground_truth_events", 2, ground_truth_dataset_versions=9, project=4)

    assert resolve_gt_project_id(client, {"ground_truth_dataset_version": 9}) == 4
    assert labelling.asked[-1].query["page_size"] == "1"
    assert resolve_gt_project_id(client, {"ground_truth_dataset_version": 8}) is None
    count = len(labelling.asked)
    assert resolve_gt_project_id(client, {"project": 5}) == 5
    assert len(labelling.asked) == count


def test_an_export_of_ground_truths_has_its_project_s_configuration(labelling: LabellingServer):
    labelling.documents["projects/3"] = {"id": 3, "configuration": {"classes": ["cat"]}}
    labelling.add("ground_truth_events", 1, ground_truth_dataset_versions=9, project=3)
    seen = []

    class Exporter(BaseExporter):
        def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
            seen.append((self.params["project_id"], self.params["configuration"]))
            return data

    export(labelling, Exporter, target="ground_truth", filter={"ground_truth_dataset_version": 9})

    assert seen == [(3, {"classes": ["cat"]})]


def test_a_filter_may_say_how_many_records_a_page_has(labelling: LabellingServer):
    labelling.add("assignments", 1)

    export(labelling, filter={"project": 1, "page_size": 7})

    assert labelling.requests("sdk/assignments")[0].query["page_size"] == "7"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"page_size": 0}, "has the page_size 0; it is a number of records, 1 to 1,000"),
        ({"page_size": "many"}, "has the page_size 'many'"),
        ({"ordering": "id"}, "filter has ordering, which an export sets by itself"),
    ],
)
def test_a_filter_does_not_say_how_the_export_lists(
    more: dict[str, Any], told: str, labelling: LabellingServer
):
    with pytest.raises(ExecutionError, match=told):
        export(labelling, filter={"project": 1, **more})


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("the item has no data", "no_data"),
        ("the server names no address for its file", "no_address"),
        ("FileExistsError: 404.png is there already", "name_taken"),
        ("http://x/files/1 broke off after 3 of 6 bytes.", "broke_off"),
        ("404: gone", "not_found"),
        ("the exporter's hooks returned no item with an id", "exporter"),
        ("no class of this name", "other"),
        (None, None),
    ],
)
def test_a_reason_has_its_label(reason: str | None, code: str | None):
    assert find_reason_code(reason) == code
    assert code is None or code in REASON_LABELS_KO


def test_the_report_for_people_says_what_was_exported_and_why_something_is_not_whole(
    labelling: LabellingServer, tmp_path: Path
):
    class Reported(BaseExporter):
        export_report_enabled = True

    labelling.add("assignments", 1, "1.png")
    labelling.add("assignments", 2)
    labelling.add("assignments", 3, "3.png")
    labelling.records["assignments"][2]["data"] = None

    with pytest.raises(ExecutionError, match="1 of 3"):
        export(labelling, Reported)

    text = (tmp_path / "storage/exports/cats/export_report.csv").read_text("utf-8-sig")
    rows = {row["항목 ID"]: row for row in csv.DictReader(text.splitlines())}
    assert {row["대상"] for row in rows.values()} == {"작업 배정"}
    assert (rows["1"]["결과"], rows["1"]["사유"]) == ("정상", "")
    assert (rows["2"]["결과"], rows["2"]["사유"]) == ("해당 없음", "원본 파일이 없는 항목")
    assert rows["3"]["사유"] == "라벨 데이터가 없음"
    assert rows["3"]["상세"] == "the item has no data"
    assert ReportFile(1, "a", "a", "ok").reason is None
