"""Exports against a server on a socket: what is written, what is refused, what becomes of failures."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import LabellingServer
from tests.plugins.recording import RecordingSink

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins import BaseExportAction, BaseStep, LocalExecutor, StepResult
from synapse_sdk.plugins.actions.export import (
    BaseExporter,
    DefaultExportAction,
    ExportAction,
    ExportContext,
    ExportLogMessageCode,
    ExportTargetHandler,
    TargetHandlerFactory,
    TaskExportTargetHandler,
)
from synapse_sdk.plugins.errors import ExecutionError, MissingClientError, ParamsError
from synapse_sdk.plugins.log_messages import resolve_log_message
from synapse_sdk.plugins.testing import RecordingContext

KIND = {"assignment": "assignments", "task": "tasks", "ground_truth": "ground_truth_events"}


def params(**more: Any) -> dict[str, Any]:
    return {
        "name": "cats",
        "storage": 1,
        "path": "exports",
        "target": "assignment",
        "filter": {"project": 1},
        **more,
    }


def export(
    labelling: LabellingServer, action: Any = BaseExporter, sink: RecordingSink | None = None, **more: Any
) -> Any:
    sinks = [] if sink is None else [sink]
    with closing(BackendClient(labelling.url, "the-token")) as client:
        return LocalExecutor(sinks=sinks, client=client).execute(action, params(**more))


def written(folder: Path) -> dict[str, Any]:
    """Return path → content of everything below a folder."""
    return {
        file.relative_to(folder).as_posix(): json.loads(file.read_bytes())
        if file.suffix == ".json"
        else file.read_bytes().decode()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage" / "exports" / "cats"


@pytest.mark.parametrize("target", ["assignment", "task", "ground_truth"])
def test_labels_and_originals_are_written(target: str, labelling: LabellingServer, folder: Path):
    labelling.add(KIND[target], 1, "left/1.png")
    labelling.add(KIND[target], 2, "2.JPG")
    labelling.add(KIND[target], 3, "3.png", project=2)

    result = export(labelling, target=target)

    assert written(folder) == {
        "labels/left/1.json": {"n": 1},
        "labels/2.json": {"n": 2},
        "origin_files/left/1.png": "file 1",
        "origin_files/2.JPG": "file 2",
    }
    assert result == {
        "success": True,
        "steps_executed": 9,
        "steps_total": 9,
        "exported_count": 2,
        "failed_count": 0,
        "total_count": 2,
        "output_path": str(folder),
        "path_root": str(folder.parents[1]),
    }


def test_the_server_is_asked_as_the_sheet_says(labelling: LabellingServer):
    labelling.documents["projects/1"] = {"id": 1, "configuration": {"classification": {}}}
    labelling.add("assignments", 1, "1.png")

    export(labelling)

    (session,) = labelling.requests("storages/1/session", "POST")
    (listed,) = labelling.requests("sdk/assignments")
    assert session.body == {"purpose": "write"}
    assert listed.query == {
        "response_mode": "presigned", "pagination": "cursor", "page_size": "100", "expand": "data",
        "project": "1", "ordering": "-id",
    }  # fmt: skip
    assert len(labelling.requests("projects/1")) == 1


@pytest.mark.parametrize("target", ["assignment", "task", "ground_truth"])
@pytest.mark.parametrize(
    "scope", [{}, {"project": None}, {"project": []}, {"search": "cat"}, {"project__gt": 0}]
)
def test_an_export_without_a_scope_is_refused(target: str, scope: Any, labelling: LabellingServer):
    labelling.add(KIND[target], 1, "1.png")

    with pytest.raises(ParamsError, match="filter names no scope, so every"):
        export(labelling, target=target, filter=scope)

    assert labelling.asked == []


def test_a_filter_that_the_server_would_ignore_is_refused(labelling: LabellingServer):
    with pytest.raises(ParamsError, match="filter has projct, which assignment does not have"):
        export(labelling, filter={"projct": 1})


def test_a_filter_of_nothing_does_not_export_everything(labelling: LabellingServer):
    with pytest.raises(ParamsError, match="filter has id__in with nothing in it"):
        export(labelling, filter={"project": 1, "id__in": []})


def test_a_scope_is_asked_for_without_params_of_ours_too(labelling: LabellingServer):
    class Mine(BaseExportAction[dict]):  # type: ignore[type-var]
        def execute(self) -> Any:
            return self.get_filtered_results({})

    with pytest.raises(ExecutionError, match="filter names no scope"):
        export(labelling, Mine)


@pytest.mark.parametrize("plans", [False, True])
def test_items_of_one_name_never_overwrite_one_another(plans: bool, labelling: LabellingServer, folder: Path):
    class Exporter(BaseExporter):
        use_output_stem_manifest = plans

    for number, name in enumerate(("a/x.png", "b/x.png", "a/x.jpg", "A/X.png", "../a/x.png", None), start=1):
        labelling.add("assignments", number, name)

    result = export(labelling, Exporter)

    files = written(folder)
    labels = [content["n"] for path, content in files.items() if path.startswith("labels/")]
    originals = [content for path, content in files.items() if path.startswith("origin_files/")]
    assert sorted(labels) == [1, 2, 3, 4, 5, 6]
    assert sorted(originals) == [f"file {number}" for number in range(1, 6)]
    assert result["exported_count"] == 6
    assert len(files["filename_collisions.json"]) == 3
    assert files["labels/b/x.json"] == {"n": 2}
    assert files["labels/6.json"] == {"n": 6}  # a file without a name is known by its item's id
    first = 1 if plans else 5  # without a plan, the first that comes: the newest
    assert files["labels/a/x.json"] == {"n": first}


def test_a_second_export_of_a_name_gets_a_folder_of_its_own(labelling: LabellingServer, folder: Path):
    labelling.add("assignments", 1, "1.png")

    first, second = export(labelling), export(labelling)

    assert (first["output_path"], second["output_path"]) == (str(folder), f"{folder}(1)")
    assert written(folder) == written(Path(second["output_path"]))


@pytest.mark.parametrize(
    "more", [{"path": "../out"}, {"path": "a/../../out"}, {"name": ".."}, {"name": "a/b"}]
)
def test_an_export_stays_in_its_storage(more: Any, labelling: LabellingServer, tmp_path: Path):
    labelling.add("assignments", 1, "1.png")

    with pytest.raises(ExecutionError, match=r"stays in its storage|is one part of a path"):
        export(labelling, **more)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_export_leaves_its_storage_by_no_link(labelling: LabellingServer, tmp_path: Path):
    labelling.add("assignments", 1, "1.png")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "storage" / "exports").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ExecutionError, match="stays in its storage; 'exports/a' would not"):
        export(labelling, path="exports/a")

    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("action", "more"),
    [(BaseExporter, {}), (ExportAction, {}), (BaseExporter, {"name": "x" * 300})],
    ids=["refused list", "refused list in one go", "long name"],
)
def test_an_export_that_could_not_begin_leaves_no_folder(
    action: Any, more: Any, labelling: LabellingServer, tmp_path: Path
):
    (tmp_path / "storage" / "mine").mkdir()
    if not more:
        labelling.troubles["sdk/assignments"] = [400]

    with pytest.raises(Exception, match=r"trouble|File name too long"):
        export(labelling, action, path="mine/deep/down", **more)

    left = sorted(path.name for path in (tmp_path / "storage").rglob("*"))
    assert left == ["mine"]


#: What a server may call a file, and what its labels are called then.
HOSTILE_NAMES = {
    "../../x.png": "x",
    "..\u3000/..\u3000/..\u3000/x.png": "x",  # dots alone, once the blank is gone
    "..\xa0/x.png": "x",
    "/etc/passwd": "etc/passwd",
    "C:\\x.png": "C_/x",
    "x/..\u3000.png": "x/_",
    ".. . /x.png": "x",
    "CON.png": "CON_",
    "a/aux/x.png": "a/aux_/x",
    "x. .png": "x",
    "x\x00\n.png": "x__",
    "x\ud800.png": "x_",
    "x" * 300 + ".png": "x" * 196,
    "x." + "g" * 300: "x." + "g" * 178,
}


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
@pytest.mark.parametrize("plans", [False, True])
def test_a_file_is_written_below_the_exports_folder_whatever_the_server_calls_it(
    name: str, plans: bool, labelling: LabellingServer, tmp_path: Path, folder: Path
):
    class Exporter(BaseExporter):
        use_output_stem_manifest = plans

    labelling.add("assignments", 1, name)

    export(labelling, Exporter)

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file for file in files if not file.is_relative_to(folder)] == []
    label, original = sorted(file for file in files if file.parent != folder)
    assert label == folder / "labels" / f"{HOSTILE_NAMES[name]}.json"
    assert original.read_bytes() == b"file 1"
    assert all(part.isprintable() for part in original.parts)


def test_labels_beside_the_reports_are_not_written_over_or_swept_away(
    labelling: LabellingServer, folder: Path
):
    class Exporter(BaseExporter):
        label_output_dirname = None
        export_report_enabled = True

    names = [
        ".fetching/1.png",
        "error_file_list.png",
        "filename_collisions.png",
        "Export_Report.png",
        "x.png",
    ]
    for number, name in enumerate(names, start=1):
        labelling.add("assignments", number, name)
    labelling.records["assignments"][4]["data"] = None

    with pytest.raises(ExecutionError, match="1 of 5 items could not be exported"):
        export(labelling, Exporter)

    files = written(folder)
    labels = [content["n"] for content in files.values() if isinstance(content, dict) and "n" in content]
    assert sorted(labels) == [1, 2, 3, 4]
    assert files["error_file_list.json"]["json_file_name"] == [["x.json", "the item has no data"]]
    assert len(files["filename_collisions.json"]) == 3


def test_an_item_whose_id_a_hook_changes_has_no_original_and_that_is_said(labelling: LabellingServer):
    class Exporter(BaseExporter):
        def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
            return {**data, "id": data["id"] + 10}

    labelling.add("assignments", 1, "1.png")

    with pytest.raises(ExecutionError) as caught:
        export(labelling, Exporter)

    reason = "the exporter's hooks changed its id, so which original is its is not known"
    assert caught.value.details["failures"] == [["1.png", reason]]


def test_half_characters_come_as_the_server_has_them(labelling: LabellingServer, folder: Path):
    class Exporter(BaseExporter):
        export_report_enabled = True

    labelling.add("assignments", 1, "1.png", data={"text": "caf\ud83d", "more": "\u00e9"})
    labelling.add("assignments", 2, "2\udc80.png")
    del labelling.files["assignments-2"]

    with pytest.raises(ExecutionError, match="1 of 2 items could not be exported"):
        export(labelling, Exporter)

    files = written(folder)
    assert files["labels/1.json"] == {"text": "caf\ud83d", "more": "\u00e9"}
    assert "\u00e9" in (folder / "labels" / "1.json").read_text("utf-8")
    assert files["error_file_list.json"]["origin_file_name"][0][0] == "2\udc80.png"
    assert files["export_report.json"]["files"][0]["original_name"] == "2\udc80.png"
    assert "2\\udc80.png" in (folder / "export_report.csv").read_text("utf-8-sig")


class Picky(BaseExporter):
    """Fails for the second item, in each of the ways in which an exporter can."""

    export_report_enabled = True

    def convert_data(self, data: dict[str, Any]) -> Any:
        if data["id"] == 2:
            raise ValueError("no class of this name")
        if data["id"] == 3:
            return None
        return data


def test_an_export_with_failed_items_does_not_report_success_and_names_each_of_them(
    labelling: LabellingServer, folder: Path
):
    for number in range(1, 7):
        labelling.add("assignments", number, f"{number}.png")
    labelling.records["assignments"][3]["data"] = None
    del labelling.files["assignments-5"]
    sink = RecordingSink()

    with pytest.raises(ExecutionError, match=r"^4 of 6 items could not be exported") as caught:
        export(labelling, Picky, sink)

    failures = written(folder)["error_file_list.json"]
    assert {name for name, _ in failures["json_file_name"]} == {"2.png", "3.png", "4.json"}
    assert dict(failures["json_file_name"])["2.png"] == "no class of this name"
    assert [name for name, _ in failures["origin_file_name"]] == ["5.png"]
    assert "s3cret" not in json.dumps(failures), "an address that is signed is no reason"
    assert caught.value.details["exported_count"] == 2
    assert caught.value.details["failed_count"] == 4
    assert "error_file_list.json" in (caught.value.hint or "")
    keys = [event.body["key"] for event in sink.of_kind("message") if event.body and "key" in event.body]
    assert "EXPORT_COMPLETED_WITH_FAILURES" in keys
    assert "EXPORT_COMPLETED" not in keys


def test_the_report_has_every_item_once(labelling: LabellingServer, folder: Path):
    for number in range(1, 6):
        labelling.add("assignments", number, f"={number}.png")
    labelling.add("assignments", 6)
    del labelling.files["assignments-5"]

    with pytest.raises(ExecutionError, match=r"^3 of 6"):
        export(labelling, Picky)

    report = written(folder)["export_report.json"]
    assert {entry["item_id"]: entry["outcome"] for entry in report["files"]} == {
        1: "ok", 2: "failed", 3: "failed", 4: "ok", 5: "partial_skip", 6: "not_applicable",
    }  # fmt: skip
    assert report["schema_version"] == 2
    rows = list(csv.reader((folder / "export_report.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 7
    assert all(row[1].startswith("'=") for row in rows[1:] if row[1]), "no cell is a formula"


def test_an_exporter_may_save_in_its_own_way_and_write_at_the_end(labelling: LabellingServer, folder: Path):
    class Lines(BaseExporter):
        label_output_dirname = None

        def before_convert(self, data: dict[str, Any]) -> dict[str, Any]:
            return {**data, "data": {**data["data"], "order": ["before"]}}

        def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
            data["data"]["order"].append("convert")
            return data

        def after_convert(self, data: dict[str, Any]) -> dict[str, Any]:
            data["data"]["order"].append(self.params["extra"])
            return data

        def additional_file_saving(self, unique_export_path: Path) -> None:
            (unique_export_path / "classes.txt").write_text("cat\n")

    labelling.add("assignments", 1, "1.png")

    export(labelling, Lines, save_original_file=False, extra_params={"extra": "after"})

    assert written(folder) == {
        "1.json": {"n": 1, "order": ["before", "convert", "after"]},
        "classes.txt": "cat\n",
    }


def test_a_listing_that_breaks_off_is_taken_up_after_the_last_item(labelling: LabellingServer, folder: Path):
    for number in range(1, 8):
        labelling.add("assignments", number)
    labelling.troubles["sdk/assignments"] = [200, 200, 500]

    result = export(labelling, extra_params={"export_page_size": 2})

    assert result["exported_count"] == 7
    assert len(written(folder)) == 7
    assert any("id__lt" in asked.query for asked in labelling.requests("sdk/assignments"))


def test_items_that_the_server_counted_and_did_not_send_are_missed(labelling: LabellingServer):
    labelling.add("assignments", 1)
    labelling.add("assignments", 2)
    page = labelling._page

    def forgetful(kind: str, asked: Any) -> Any:
        whole = page(kind, asked)
        return {**whole, "results": whole["results"][:1]}

    labelling._page = forgetful  # type: ignore[method-assign]

    with pytest.raises(ExecutionError, match="The server counted 2 items and sent 1 fewer"):
        export(labelling)


def test_an_original_that_breaks_off_is_taken_up_where_it_did(labelling: LabellingServer, folder: Path):
    labelling.add("assignments", 1, "1.bin")
    labelling.files["assignments-1"] = b"0123456789" * 100
    labelling.troubles["files/assignments-1"] = [0]

    export(labelling)

    assert (folder / "origin_files" / "1.bin").read_bytes() == b"0123456789" * 100
    first, second = labelling.requests("files/assignments-1")
    assert (first.headers.get("range"), second.headers.get("range")) == (None, "bytes=500-")


def test_originals_are_fetched_several_at_once(labelling: LabellingServer):
    labelling.files_at_once = 4
    for number in range(1, 9):
        labelling.add("assignments", number, f"{number}.png")

    export(labelling)

    assert labelling.file_peak >= 4


def test_data_behind_an_address_is_fetched_and_an_address_that_ran_out_is_asked_for_anew(
    labelling: LabellingServer, folder: Path
):
    record = labelling.add("assignments", 1, "1.png")
    record["data"] = {"mode": "presigned", "url": f"{labelling.url}/files/labels-1"}
    labelling.files["labels-1"] = b'{"big": true}'
    labelling.troubles["files/labels-1"] = [403, 403]

    export(labelling)

    assert written(folder)["labels/1.json"] == {"big": True}
    assert [asked.query["id__in"] for asked in labelling.requests("sdk/assignments")[1:]] == ["1", "1"]


def test_the_token_is_for_the_server_alone(labelling: LabellingServer, folder: Path, tmp_path: Path):
    from tests.labelling_server import labelling_server

    with labelling_server(tmp_path / "elsewhere") as bucket:
        bucket.files["x"] = b"theirs"
        record = labelling.add("assignments", 1, "1.png")
        record["file"]["image_1"]["url"] = f"{bucket.url}/files/x"

        export(labelling)

        assert (folder / "origin_files" / "1.png").read_bytes() == b"theirs"
        assert "the-token" not in str(bucket.asked)
    assert "the-token" in str(labelling.asked)


def test_nothing_to_export_is_told_and_is_no_failure(labelling: LabellingServer, folder: Path):
    sink = RecordingSink()

    result = export(labelling, sink=sink)

    assert (result["success"], result["total_count"], result["exported_count"]) == (True, 0, 0)
    assert "Nothing fits the filter; nothing was exported." in sink.contents()
    assert written(folder) == {}


def test_a_storage_is_found_where_the_server_opens_no_sessions(labelling: LabellingServer, folder: Path):
    labelling.opens_sessions = False
    labelling.add("assignments", 1)

    export(labelling)

    assert written(folder) == {"labels/1.json": {"n": 1}}


def test_a_storage_that_can_not_be_written_to_is_refused_before_anything_is_listed(
    labelling: LabellingServer, tmp_path: Path
):
    labelling.storage = tmp_path / "not-mounted"

    with pytest.raises(ExecutionError, match="is not on this machine"):
        export(labelling)

    assert labelling.requests("sdk/assignments") == []


@pytest.mark.parametrize(
    ("provider", "configuration", "told"),
    [
        (
            "local",
            {"location": "exports"},
            "Storage 1: The location of a local storage is a whole path, which 'exp",
        ),
        ("local", {}, "Storage 1: The configuration of a storage of the kind 'local' does not fit: location"),
        ("floppy", {}, "Storage 1: A storage is of the kind 'floppy', which this version does not reach"),
        ("s3", {}, "Storage 1 is of the kind 's3'; uploads and exports work in folders"),
    ],
)
def test_what_a_storage_lacks_to_be_written_to_is_told(
    labelling: LabellingServer, provider: str, configuration: dict[str, str], told: str
):
    labelling.described_storage = {"id": 1, "provider": provider, "configuration": configuration}

    with pytest.raises(ExecutionError, match=told):
        export(labelling)

    assert labelling.requests("sdk/assignments") == []


def test_progress_and_numbers_are_told(labelling: LabellingServer):
    for number in range(1, 4):
        labelling.add("assignments", number, f"{number}.png")
    sink = RecordingSink()

    export(labelling, sink=sink)

    metrics = {event.step: event.values for event in sink.of_kind("metric")}
    assert metrics["original_file"] == {"stand_by": 0, "success": 3, "failed": 0}
    assert metrics["data_file"] == {"stand_by": 0, "success": 3, "failed": 0}
    overall = [event.body["percent"] for event in sink.of_kind("progress") if event.step is None]
    assert overall == sorted(overall)
    assert overall[-1] == 100
    files = [event.body for event in sink.of_kind("log") if event.name == "export_data_file"]
    assert {(body["target_id"], body["status"]) for body in files} == {(n, "success") for n in (1, 2, 3)}


def test_a_failure_is_told_by_its_code_and_the_error_keeps_its_cause(labelling: LabellingServer):
    labelling.troubles["sdk/assignments"] = [401]
    sink = RecordingSink()

    with pytest.raises(ExecutionError, match="Step 'fetch_results' failed"):
        export(labelling, sink=sink)

    keys = [event.body.get("key") for event in sink.of_kind("message") if event.body]
    assert "EXPORT_FAILED_AGENT_PERMISSION" in keys


def test_a_default_export_action_needs_no_execute_of_its_own(labelling: LabellingServer, folder: Path):
    class Mine(DefaultExportAction):
        entrypoint = BaseExporter

    labelling.add("assignments", 1)

    assert export(labelling, Mine)["exported_count"] == 1
    assert written(folder) == {"labels/1.json": {"n": 1}}


def test_an_export_in_one_go_writes_the_same(labelling: LabellingServer, folder: Path):
    labelling.add("assignments", 1, "1.png")

    result = export(labelling, ExportAction)

    assert (result["export_path"], result["exported_count"]) == (str(folder), 1)
    assert written(folder) == {"labels/1.json": {"n": 1}, "origin_files/1.png": "file 1"}


def test_records_from_elsewhere_can_be_exported(labelling: LabellingServer, folder: Path):
    class Mine(DefaultExportAction):
        def get_filtered_results(self, filters: Any) -> Any:
            return [{"id": 5, "data": {"mine": True}}, {"id": 5, "data": {"mine": False}}], 2

    with pytest.raises(ExecutionError, match="1 of 2"):
        export(labelling, Mine)

    assert written(folder)["labels/5.json"] == {"mine": True}
    assert "is there already" in str(written(folder)["error_file_list.json"]) or "exists" in str(
        written(folder)["error_file_list.json"]
    )


def test_an_export_written_by_hand_gets_records_and_a_project(labelling: LabellingServer):
    labelling.documents["projects/1"] = {"id": 1, "configuration": {"tools": ["bbox"]}}
    labelling.add("ground_truth_events", 4, pgh_id=4, ground_truth_dataset_versions=9)

    class Mine(BaseExportAction[dict]):  # type: ignore[type-var]
        def execute(self) -> Any:
            records, count = self.get_filtered_results({"ground_truth_dataset_version": 9})
            for number, _ in enumerate(records, 1):
                self.set_progress(number, count, self.progress.DATASET_CONVERSION)
            return {"count": count, "tools": self.get_project_configuration(1)["tools"]}

    sink = RecordingSink()

    result = export(labelling, Mine, sink, target="ground_truth")

    assert result == {"count": 1, "tools": ["bbox"]}
    assert [event.step for event in sink.of_kind("progress")] == ["dataset_conversion"]


def test_steps_of_ones_own_share_the_context(labelling: LabellingServer):
    class Count(BaseStep[ExportContext]):
        name = "count"
        progress_weight = 1.0

        def execute(self, context: ExportContext) -> StepResult:
            context.exported_count = 3
            return StepResult()

    class Mine(BaseExportAction[dict]):  # type: ignore[type-var]
        def setup_steps(self, registry: Any) -> None:
            registry.register(Count())

    assert export(labelling, Mine)["exported_count"] == 3


def test_a_handler_of_ones_own_knows_more_filters(labelling: LabellingServer, folder: Path):
    class Coloured(TaskExportTargetHandler):
        more_filter_keys = frozenset({"colour"})

    labelling.add("tasks", 1, colour="red")
    labelling.add("tasks", 2, colour="blue")
    TargetHandlerFactory.register_handler("task", Coloured)
    try:
        export(labelling, target="task", filter={"project": 1, "colour": "red"})
    finally:
        TargetHandlerFactory.register_handler("task", TaskExportTargetHandler)

    assert written(folder) == {"labels/1.json": {"n": 1}}
    assert isinstance(TargetHandlerFactory.get_handler("task"), ExportTargetHandler)


def test_an_unknown_target_names_those_that_there_are():
    with pytest.raises(ExecutionError, match=r"There are assignment, ground_truth, task\."):
        TargetHandlerFactory.get_handler("tasks")


def test_without_a_server_an_export_says_so():
    with pytest.raises(ExecutionError, match=r"^Backend client is None: BaseExporter asked for the server"):
        LocalExecutor(sinks=[], open_client=lambda: None).execute(BaseExporter, params())


def test_originals_without_a_server_end_an_exporter_by_itself_at_once(tmp_path: Path):
    ctx = RecordingContext()
    items = [{"id": number, "data": {}, "files": {"url": "/x", "file_name": "x.png"}} for number in (1, 2)]

    with pytest.raises(MissingClientError, match=r"asked for the server with download_file\(\)") as caught:
        BaseExporter(ctx, items, tmp_path).export()

    assert "synapse login" in (caught.value.hint or "")
    result = BaseExporter(ctx, items, tmp_path, save_original_file=False).export()
    assert result["exported_count"] == 2


@pytest.mark.parametrize("code", list(ExportLogMessageCode))
def test_every_code_has_a_text_in_both_languages(code: ExportLogMessageCode):
    texts = {resolve_log_message(code, language)[0] for language in ("en", "ko")}

    assert len(texts) == 2
    assert code.value not in texts


def test_a_rehearsed_export_makes_up_what_a_server_would_say():
    executor = LocalExecutor(sinks=[], rehearse=True)

    result = executor.execute(BaseExporter, params())

    assert (result["exported_count"], result["failed_count"]) == (3, 0)
    files = written(Path(result["output_path"]))
    assert files["labels/rehearsed-2.json"] == {}
    assert files["origin_files/rehearsed-2.png"] == ""
    assert "the answer to GET sdk/assignments/ was made up; no server was asked." in executor.rehearsed


def test_a_rehearsal_refuses_what_it_has_no_answer_to():
    class Asks(BaseExportAction[dict]):  # type: ignore[type-var]
        def execute(self) -> Any:
            return self.client.list_agents()

    with pytest.raises(ExecutionError, match="A rehearsal has no answer to GET agents/"):
        LocalExecutor(sinks=[], rehearse=True).execute(Asks, {})
