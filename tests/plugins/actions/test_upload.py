"""Uploads against a server on a socket: what arrives, what is refused, and the entry of every file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pydantic
import pytest
from tests.labelling_server import Asked, LabellingServer
from tests.plugins.recording import RecordingSink
from tests.server.conftest import RunningServer, server, start_server

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.errors import ClientError, is_passing_status
from synapse_sdk.plugins import BaseStep, BaseUploadAction, LocalExecutor, StepResult
from synapse_sdk.plugins.actions.upload import (
    DefaultUploadAction,
    FileProcessingError,
    ImportFailureCode,
    UploadContext,
    UploadLogMessageCode,
    UploadParams,
    UploadProgressCategories,
)
from synapse_sdk.plugins.actions.upload.discovery import find_files
from synapse_sdk.plugins.actions.upload.enums import IMPORT_FAILURE_MESSAGES
from synapse_sdk.plugins.actions.upload.params import read_param
from synapse_sdk.plugins.actions.upload.retries import choose_wait_s
from synapse_sdk.plugins.actions.upload.screening import inspect_file
from synapse_sdk.plugins.actions.upload.utils import (
    apply_group_name,
    calculate_checksums_parallel,
    deduplicate_by_checksum,
    filter_existing_checksums,
    verify_checksums_batch,
)
from synapse_sdk.plugins.errors import ExecutionError, ParamsError
from synapse_sdk.plugins.log_messages import resolve_log_message
from synapse_sdk.plugins.steps import StepRegistry
from synapse_sdk.wire.event import Event

__all__ = ["server", "start_server"]

PNG = b"\x89PNG\r\n\x1a\n"
IMAGE = {"name": "image_1", "file_type": "image", "is_required": True, "is_primary": True}
LABEL = {"name": "data_1", "file_type": "data", "is_required": True, "extensions": ["json"]}


class Collection:
    """A data collection on a server, and a folder to upload to it."""

    def __init__(self, labelling: LabellingServer) -> None:
        self.server = labelling
        self.folder = labelling.storage / "incoming"
        self.folder.mkdir()
        #: SHA-1 of what the server has.
        self.contents: set[str] = set()
        #: As they were sent.
        self.units: list[dict[str, Any]] = []
        #: Keys of data units that it refuses.
        self.refused: set[str] = set()
        documents = labelling.documents
        documents["POST data_files"] = self._take_file
        documents["POST data_files/verify_checksums"] = self._verify
        documents["POST data_units"] = self._make_units
        self.take(IMAGE)

    def take(self, *specifications: dict[str, Any]) -> None:
        record = {"id": 7, "name": "cats", "file_specifications": list(specifications)}
        self.server.documents["data_collections/7"] = record

    def add(self, place: str, content: bytes | None = None) -> Path:
        """Write a file; a picture of its own unless `content` is given."""
        file = self.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        own = PNG + place.encode() if file.suffix == ".png" else json.dumps(place).encode()
        file.write_bytes(own if content is None else content)
        return file

    def upload(self, action: Any = DefaultUploadAction, sinks: Any = (), **more: Any) -> Any:
        asked = {"name": "cats", "path": "incoming", "storage": 1, "data_collection": 7, **more}
        with closing(BackendClient(self.server.url, "the-token")) as client:
            return LocalExecutor(sinks=list(sinks), client=client).execute(action, asked)

    def fail(self, **more: Any) -> tuple[ExecutionError, dict[str, str]]:
        """Upload; return the error, and the reasons of the files that were not imported, by name."""
        with pytest.raises(ExecutionError) as caught:
            self.upload(**more)
        reasons = {
            entry["name"]: f"{entry['code']}: {entry['reason']}" for entry in caught.value.details["failures"]
        }
        return caught.value, reasons

    def keys(self) -> list[str]:
        return sorted(unit["meta"]["data_unit_key"] for unit in self.units)

    def _verify(self, asked: Asked) -> dict[str, Any]:
        return {"existing_checksums": [sha1 for sha1 in asked.body["checksums"] if sha1 in self.contents]}

    def _take_file(self, asked: Asked) -> dict[str, Any]:
        # One file, as a form: the content lies between the first blank line and the closing boundary.
        content = asked.body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        checksum = hashlib.sha1(content).hexdigest()
        self.contents.add(checksum)
        return {"id": len(self.contents), "checksum": checksum}

    def _make_units(self, asked: Asked) -> Any:
        if any(unit["meta"]["data_unit_key"] in self.refused for unit in asked.body):
            return 422, {"detail": "meta is not as it must be"}
        self.units += asked.body
        return {"results": [{"id": 100 + number} for number in range(len(asked.body))]}


@pytest.fixture
def collection(labelling: LabellingServer) -> Collection:
    return Collection(labelling)


def said(sink: RecordingSink, name: str) -> list[Event]:
    return [event for event in sink.of_kind("log") if event.name == name]


def entries(sink: RecordingSink) -> dict[str, dict[str, Any]]:
    """Return what was said of each file, by its name."""
    found = [entry for event in said(sink, "import_result") for entry in event.body["entries"]]
    assert len({entry["original_file_name"] for entry in found}) == len(found)
    return {entry["original_file_name"]: entry for entry in found}


def test_a_folder_becomes_data_units(collection: Collection):
    sink = RecordingSink()
    for place in ("image_1/a.png", "image_1/deeper/b.png"):
        collection.add(place)

    result = collection.upload(sinks=[sink], group_name="2024/spring")

    assert collection.keys() == ["a", "deeper/b"]
    first = next(unit for unit in collection.units if unit["meta"]["data_unit_key"] == "a")
    checksum = hashlib.sha1(PNG + b"image_1/a.png").hexdigest()
    assert first["data_collection"] == 7
    assert first["files"] == {"image_1": {"checksum": checksum, "path": "image_1/a.png"}}
    assert first["groups"] == ["2024", "spring"]
    assert (first["meta"]["origin_file_stem"], first["meta"]["origin_file_extension"]) == ("a", ".png")
    assert (result["success"], result["steps_executed"], result["steps_total"]) == (True, 8, 8)
    assert (result["uploaded_files"], result["data_units"], result["lost_files_count"]) == (2, 2, 0)
    assert {name: entry["import_status"] for name, entry in entries(sink).items()} == {
        "image_1/a.png": "success",
        "image_1/deeper/b.png": "success",
    }
    (counts,) = [event.values for event in sink.of_kind("metric") if event.step == "data_units"]
    assert counts == {"success": 2, "failed": 0, "stand_by": 0}


def test_no_path_of_this_machine_leaves_it(collection: Collection):
    sink = RecordingSink()
    collection.add("image_1/a.png")

    collection.upload(sinks=[sink])

    told = json.dumps([asked.body for asked in collection.server.asked if not isinstance(asked.body, bytes)])
    assert str(collection.folder) not in told
    assert str(collection.folder) not in json.dumps([e.body for e in said(sink, "import_result_admin")])


def test_steps_have_the_sheets_names_and_shares():
    from synapse_sdk.plugins.actions.upload import steps

    classes = [
        (steps.InitializeStep, "initialize", 0.05, 1),
        (steps.ProcessMetadataStep, "process_metadata", 0.10, 2),
        (steps.AnalyzeCollectionStep, "analyze_collection", 0.05, 1),
        (steps.OrganizeFilesStep, "organize_files", 0.15, 2),
        (steps.ValidateFilesStep, "validate_files", 0.10, 1),
        (steps.UploadFilesStep, "upload_files", 0.30, 34),
        (steps.GenerateDataUnitsStep, "generate_data_units", 0.20, 58),
        (steps.CleanupStep, "cleanup", 0.05, 1),
    ]

    for kind, name, weight, proportion in classes:
        step = kind()
        assert (step.name, step.progress_weight, step.progress_proportion) == (name, weight, proportion)
    assert sum(step[3] for step in classes) == 100
    named = [value for name, value in vars(UploadProgressCategories).items() if name.isupper()]
    assert named == ["initialize", "validate", "upload", "cleanup"]


# Sheet §15, 9: one of two files of one name was lost without a word.
def test_two_files_of_one_name_in_two_folders_are_two(collection: Collection):
    for place in ("image_1/sub1/same.png", "image_1/sub2/same.png"):
        collection.add(place)

    assert collection.upload()["data_units"] == 2
    assert collection.keys() == ["sub1/same", "sub2/same"]


def test_two_endings_of_one_name_are_two_where_nothing_else_belongs_to_them(collection: Collection):
    collection.add("image_1/a.png")
    collection.add("image_1/a.jpg", b"\xff\xd8\xff a")

    collection.upload()

    assert collection.keys() == ["a.jpg", "a.png"]


def test_which_of_two_pictures_a_label_belongs_to_is_not_guessed(collection: Collection):
    collection.take(IMAGE, LABEL)
    collection.add("image_1/a.png")
    collection.add("image_1/a.jpg", b"\xff\xd8\xff a")
    collection.add("data_1/a.json")

    _, reasons = collection.fail()

    assert set(reasons) == {"image_1/a.png", "image_1/a.jpg", "data_1/a.json"}
    assert all("DUPLICATE_FILE: several files of one specification" in reason for reason in reasons.values())


def test_files_belong_together_by_path_then_by_a_name_that_is_theirs_alone(collection: Collection):
    collection.take(IMAGE, LABEL)
    for place in ("image_1/x/a.png", "data_1/x/a.json", "image_1/y/b.png", "data_1/b.json"):
        collection.add(place)

    collection.upload()

    assert collection.keys() == ["x/a", "y/b"]
    assert all(len(unit["files"]) == 2 for unit in collection.units)


# Sheet §15, 10: groups without a required file vanished.
def test_what_lacks_a_required_file_is_said_and_the_others_are_uploaded(collection: Collection):
    collection.take(IMAGE, LABEL)
    for place in ("image_1/a.png", "data_1/a.json", "image_1/alone.png", "data_1/widow.json"):
        collection.add(place)

    error, reasons = collection.fail()

    assert reasons == {
        "image_1/alone.png": "MISSING_REQUIRED_DATA: there is no file of data_1 that belongs to alone",
        "data_1/widow.json": "MISSING_REQUIRED_DATA: there is no file of image_1 that belongs to widow",
    }
    assert "2 of 4 were not imported" in str(error)
    assert error.details["data_units"] == 1
    assert error.details["partial_failure"]
    assert sorted(error.details["lost_files"]) == ["data_1/widow.json", "image_1/alone.png"]
    assert collection.keys() == ["a"]


# Sheet §15, 13.
def test_every_file_that_can_not_travel_has_its_reason(collection: Collection, tmp_path: Path):
    (tmp_path / "secret.png").write_bytes(PNG)
    folder = collection.add("image_1/fine.png").parent
    collection.add("image_1/empty.png", b"")
    collection.add("image_1/liar.png", b"GIF89a")
    collection.add("image_1/tool.bin", b"\x7fELF")
    collection.add("image_1/vector.svg", b"<svg><script>alert(1)</script></svg>")
    collection.add("image_1/id_rsa", b"key")
    collection.add("image_1/Thumbs.db", b"x")
    collection.add("image_1/.git/objects/x.png")
    collection.add(".git/HEAD")
    collection.add("stray.txt", b"x")
    collection.add("other/b.png")
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "line\nbreak.png").write_bytes(PNG)
    os.mkfifo(folder / "pipe.png")
    sink = RecordingSink()

    _, reasons = collection.fail(sinks=[sink])

    assert reasons == {
        "image_1/empty.png": "FILE_CORRUPTED: it is empty",
        "image_1/liar.png": "UNSAFE_CONTENT: TYPE_MISMATCH: it is no png file, though its name says so",
        "image_1/tool.bin": "UNSAFE_CONTENT: EXECUTABLE: it is a program",
        "image_1/vector.svg": "UNSAFE_CONTENT: SCRIPT_INJECTION: it holds a script: '<script'",
        "image_1/id_rsa": "UNSAFE_CONTENT: SENSITIVE_FILE: by its name it holds keys or passwords",
        "image_1/out.png": "UNSAFE_CONTENT: it is a link that leads out of the folder",
        "image_1/gone.png": "FILE_CORRUPTED: it can not be read: No such file or directory",
        "image_1/line\nbreak.png": "UNSAFE_CONTENT: its name has letters that can not be written",
        "image_1/pipe.png": "UNSAFE_CONTENT: it is no file of bytes",
        "stray.txt": "UNKNOWN_ERROR: it lies in no folder of a file specification: image_1",
        "other/b.png": "UNKNOWN_ERROR: it lies in no folder of a file specification: image_1",
    }
    assert collection.keys() == ["fine"]
    told = entries(sink)
    own = {"image_1/Thumbs.db", "image_1/.git", ".git"}
    assert told.keys() == reasons.keys() | {"image_1/fine.png"} | own
    assert {told[name]["failure_reason_detail"] for name in own} == {"it is the operating system's"}
    assert told["image_1/Thumbs.db"]["import_status"] == "skipped"


SVG = '<svg xmlns="http://www.w3.org/2000/svg"{}>{}</svg>'
SCRIPTS = {
    "plain.svg": SVG.format("", "<script>alert(1)</script>").encode(),
    "other-name.svg": SVG.format(' xmlns:x="http://www.w3.org/2000/svg"', "<x:script>1</x:script>").encode(),
    "handler.svg": SVG.format(" onload='alert(1)'", "").encode(),
    "address.svg": SVG.format("", '<a href="&#106;avasc&#x72;ipt:alert(1)"/>').encode(),
    "broken.svg": SVG.format("", '<a href="java\n\tscript:alert(1)"/>').encode(),
    "wide.svg": SVG.format("", "<script>alert(1)</script>").encode("utf-16"),
    "wide-unmarked.svg": SVG.format("", "<script>alert(1)</script>").encode("utf-16-be"),
    "late.svg": SVG.format("", " " * 5 * 1024**2 + "<script>alert(1)</script>").encode(),
    "between.svg": SVG.format("", "<script/>").rjust(1024**2 + 12).encode(),
    "bare.html": b"<p><img src=x onerror=alert(1)>",
}
HARMLESS = {
    "escaped.svg": SVG.format("", "<text>&#60;script&gt; &lt;script onset = 5</text>").encode(),
    "wide.svg": SVG.format("", "<text>한글</text>").encode("utf-16"),
    "numbers.xml": b"<a>onset = 5, description: script</a>",
    "words.html": b"<p>once = twice</p>",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_found_however_it_is_written(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(SCRIPTS[name])

    finding = inspect_file(tmp_path / name)

    assert finding is not None
    assert finding.rule == "SCRIPT_INJECTION"


@pytest.mark.parametrize("name", HARMLESS)
def test_text_about_scripts_is_none(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(HARMLESS[name])

    assert inspect_file(tmp_path / name) is None


def test_folders_may_lie_very_deep_in_each_other(tmp_path: Path):
    depth, folder = 1200, tmp_path
    for _ in range(depth):  # one by one: neither pathlib nor shutil makes or removes so many
        (folder := folder / "d").mkdir()
    (folder / "a.png").write_bytes(PNG)

    (found,) = find_files(tmp_path, is_recursive=True)

    found.path.unlink()
    for _ in range(depth):
        folder.rmdir()
        folder = folder.parent
    assert (found.relative, found.problem) == ("d/" * depth + "a.png", None)


def test_no_link_leads_out_of_the_storage(collection: Collection, tmp_path: Path):
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep/secret.png").write_bytes(PNG)
    collection.take({**IMAGE, "is_required": False}, {**LABEL, "is_required": False})
    collection.add("data_1/a.json")
    (collection.folder / "image_1").symlink_to(outside)
    sink = RecordingSink()

    _, reasons = collection.fail(sinks=[sink])

    assert reasons == {"image_1": "UNSAFE_CONTENT: it is a link that leads out of the folder"}
    assert "secret" not in json.dumps([event.body for event in sink.events], default=str)
    assert collection.keys() == ["a"]


def test_metadata_lies_in_the_storage_too(collection: Collection, tmp_path: Path):
    collection.add("image_1/a.png")
    (tmp_path / "passwords").write_text("root:hunter2,x\n")
    (collection.folder / "meta.csv").symlink_to(tmp_path / "passwords")

    with pytest.raises(ExecutionError, match="An upload stays in its storage") as caught:
        collection.upload()

    assert "hunter2" not in repr(caught.value)


def test_metadata_may_lie_among_the_files(collection: Collection):
    collection.add("image_1/a.png")
    write_csv(collection.folder / "image_1/mine.csv", [["filename", "x"], ["a.png", "y"]])

    collection.upload(excel_metadata_path="image_1/mine.csv")

    assert metas(collection) == {"a": {"x": "y"}}


def test_a_specification_is_no_way_out_of_the_folder(collection: Collection):
    collection.take({**IMAGE, "name": ".."})
    collection.add("image_1/a.png")

    with pytest.raises(ExecutionError, match="data collection cats are not understood"):
        collection.upload()


def test_sub_folders_that_are_not_wanted_have_an_entry(collection: Collection):
    collection.add("image_1/a.png")
    collection.add("image_1/sub/b.png")
    sink = RecordingSink()

    result = collection.upload(sinks=[sink], is_recursive=False)

    assert (collection.keys(), result["skipped_files"]) == (["a"], 1)
    told = entries(sink)["image_1/sub"]
    assert told["import_status"] == "skipped"
    assert told["failure_reason_detail"] == "it is a sub-folder, and is_recursive is false"


def test_a_refused_file_takes_its_group_with_it(collection: Collection):
    collection.take(IMAGE, LABEL)
    collection.add("image_1/a.png")
    collection.add("data_1/a.txt", b"x")

    _, reasons = collection.fail()

    assert reasons == {
        "data_1/a.txt": "UNSUPPORTED_EXTENSION: data_1 takes no .txt",
        "image_1/a.png": "UNSUPPORTED_EXTENSION: it belongs to data_1/a.txt, which was refused",
    }


def test_an_action_narrows_down_what_may_be_uploaded(collection: Collection):
    class Only(DefaultUploadAction):
        def get_allowed_extensions(self) -> dict[str, list[str]]:
            return {"image": [".JPG"]}

    collection.add("image_1/a.png")
    collection.add("image_1/b.jpg", b"\xff\xd8\xff b")

    _, reasons = collection.fail(action=Only)

    assert reasons == {"image_1/a.png": "UNSUPPORTED_EXTENSION: image_1 takes no .png"}
    assert collection.keys() == ["b"]


# Sheet §15, 8: the same bytes were uploaded again, though nobody wanted that.
class Between(DefaultUploadAction):
    """Has a step of its own before files are sent."""

    step: Any = None

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        super().setup_own_steps(registry)
        registry.insert_after("validate_files", type(self).step())


class Darken(BaseStep[UploadContext]):
    name = "darken"
    progress_weight = 0.1

    def execute(self, context: UploadContext) -> StepResult:
        assert context.pathlib_cwd is not None
        for group in context.organized_files:
            made = context.pathlib_cwd.parent / "made" / group["files"]["image_1"].name
            made.parent.mkdir(exist_ok=True)
            made.write_bytes(PNG + b"dark")
            group["files"]["image_1"] = made
        return StepResult()


class Share(Darken):
    name = "share"

    def execute(self, context: UploadContext) -> StepResult:
        first = context.organized_files[0]["files"]["image_1"]
        for group in context.organized_files:
            group["files"]["data_1"] = first
        return StepResult()


class Interrupt(Darken):
    def execute(self, context: UploadContext) -> StepResult:
        raise KeyboardInterrupt


def test_a_step_of_the_plugin_may_upload_other_files_than_were_found(collection: Collection):
    collection.add("image_1/a.png")
    sink = RecordingSink()

    result = collection.upload(type("Dark", (Between,), {"step": Darken}), sinks=[sink])

    assert collection.contents == {hashlib.sha1(PNG + b"dark").hexdigest()}
    assert {name: entry["import_status"] for name, entry in entries(sink).items()} == {
        "made/a.png": "success",
        "image_1/a.png": "skipped",
    }
    told = entries(sink)["image_1/a.png"]["failure_reason_detail"]
    assert told == "a step of the plugin took it out of the upload"
    assert result["data_units"] == 1


def test_a_step_of_the_plugin_may_give_one_file_to_several_data_units(collection: Collection):
    collection.take(IMAGE, {**LABEL, "is_required": False})
    for name in "ab":
        collection.add(f"image_1/{name}.png")
    sink = RecordingSink()

    result = collection.upload(type("Shares", (Between,), {"step": Share}), sinks=[sink])

    assert result["data_units"] == 2
    assert set(entries(sink)) == {"image_1/a.png", "image_1/b.png"}


def test_what_a_step_of_the_plugin_made_may_fail_as_others_do(collection: Collection):
    collection.add("image_1/a.png")
    collection.server.troubles["data_files"] = [400]

    _, reasons = collection.fail(action=type("Dark", (Between,), {"step": Darken}))

    assert reasons == {"made/a.png": "UPLOAD_FAILED: 400: trouble"}


def test_an_upload_that_is_interrupted_tells_what_became_of_each_file(collection: Collection):
    collection.add("image_1/a.png")
    sink = RecordingSink()

    with pytest.raises(KeyboardInterrupt):
        collection.upload(type("Stops", (Between,), {"step": Interrupt}), sinks=[sink])

    assert entries(sink)["image_1/a.png"]["import_status"] == "failed"


def test_equal_contents_are_one_data_unit_unless_asked_otherwise(collection: Collection):
    sink = RecordingSink()
    for place in ("image_1/a.png", "image_1/b.png"):
        collection.add(place, PNG + b"the same")

    result = collection.upload(sinks=[sink])

    assert collection.keys() == ["a"]
    assert (result["uploaded_files"], result["skipped_files"]) == (1, 1)
    assert entries(sink)["image_1/b.png"]["failure_reason_detail"] == "its bytes are those of a"

    collection.upload(extra_params={"skip_local_duplicates": False})
    assert collection.keys() == ["a", "a", "b"]


def test_what_the_server_has_is_not_sent_again(collection: Collection):
    collection.add("image_1/a.png")
    collection.upload()
    collection.add("image_1/b.png")

    collection.upload()
    assert len(collection.server.requests("data_files", "POST")) == 2

    result = collection.upload(extra_params={"skip_existing_checksums": True})
    assert (result["data_units"], result["skipped_files"]) == (0, 2)


# Sheet §15, 11: after one refused file all were sent again.
def test_one_file_that_does_not_arrive_leaves_the_others_alone(collection: Collection):
    for name in "abc":
        collection.add(f"image_1/{name}.png")
    collection.server.troubles["data_files"] = [400]

    error, reasons = collection.fail(upload_max_workers=1)

    assert [reason.split(": ", 1)[1] for reason in reasons.values()] == ["400: trouble"]
    assert len(collection.units) == 2
    assert len(collection.server.requests("data_files", "POST")) == 3
    assert error.details["failure_counts"] == {"UPLOAD_FAILED": 1}


def test_a_passing_failure_is_tried_again(collection: Collection):
    collection.add("image_1/a.png")
    collection.server.troubles["data_files"] = [503, 429]

    assert collection.upload()["data_units"] == 1


def test_units_whose_answer_got_lost_are_not_made_again(collection: Collection):
    answers: dict[str, Any] = {}

    def make_and_fail_first(asked: Asked) -> Any:
        key = asked.headers["idempotency-key"]
        if key in answers:
            return answers[key]
        answers[key] = collection._make_units(asked)
        return 500, {"detail": "made, and not said"}

    collection.add("image_1/a.png")
    collection.server.documents["POST data_units"] = make_and_fail_first

    result = collection.upload()

    assert (result["data_units"], collection.keys()) == (1, ["a"])


def test_a_file_that_is_gone_when_its_turn_comes_leaves_the_others_alone(collection: Collection):
    gone = collection.add("image_1/a.png")
    collection.add("image_1/b.png")

    def verify(asked: Asked) -> dict[str, Any]:
        gone.unlink()
        return {"existing_checksums": []}

    collection.server.documents["POST data_files/verify_checksums"] = verify

    _, reasons = collection.fail()

    assert reasons == {"image_1/a.png": "UPLOAD_FAILED: it can not be read: No such file or directory"}
    assert collection.keys() == ["b"]


@pytest.mark.parametrize("path", ["data_files", "data_units"])
def test_an_upload_that_is_interrupted_begins_nothing_more(collection: Collection, path: str):
    answer = collection.server.documents[f"POST {path}"]

    def interrupt(asked: Asked) -> Any:
        if len(collection.server.requests(path, "POST")) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return answer(asked)

    collection.server.documents[f"POST {path}"] = interrupt
    for number in range(40):
        collection.add(f"image_1/{number}.png")

    with pytest.raises(KeyboardInterrupt):
        collection.upload(upload_max_workers=1, creating_data_unit_batch_size=1)

    assert 3 <= (count := len(collection.server.requests(path, "POST"))) < 40, count


def test_before_a_server_is_asked_again_it_is_waited_for():
    def error(**details: Any) -> ClientError:
        return ClientError(503, "busy", details=details)

    waits_s = [[choose_wait_s(error(), failures) for _ in range(200)] for failures in range(8)]

    longest_s = [max(several) for several in waits_s]
    assert all(0 <= wait_s <= 20 for several in waits_s for wait_s in several)
    assert longest_s[0] <= 0.5 < longest_s[3] <= 4 < longest_s[6]
    assert len({round(wait_s, 6) for wait_s in waits_s[3]}) > 100
    assert choose_wait_s(error(retry_after_s=7.0), 0) == 7.0
    assert is_passing_status(error().status_code)
    assert not is_passing_status(400)


@pytest.mark.parametrize("status", [400, 500])
def test_files_go_through_the_server_where_its_storage_takes_none(collection: Collection, status: int):
    collection.add("image_1/a.png")
    collection.server.troubles["data_files/presigned_upload/upload"] = [status]
    sink = RecordingSink()

    assert collection.upload(sinks=[sink])["data_units"] == 1
    assert [text for text in sink.contents() if "for its storage takes none" in text] == [
        f"1 files go through the server, for its storage takes none: {status}: trouble"
    ]


def test_a_server_that_does_not_admit_us_is_not_asked_for_each_file(collection: Collection):
    collection.add("image_1/a.png")
    collection.server.troubles["data_files/presigned_upload/upload"] = [403]

    with pytest.raises(ExecutionError, match="Step 'upload_files' failed"):
        collection.upload()

    assert collection.server.requests("data_files", "POST") == []


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({"upload_max_workers": "many"}, "upload_max_workers: Input should be a valid integer"),
        ({"upload_max_workers": 0}, "upload_max_workers: Input should be greater than or equal to 1"),
        ({"creating_data_unit_max_retries": 11}, "creating_data_unit_max_retries: Input should be less"),
        ({"checksum_batch_size": 0}, "checksum_batch_size: Input should be greater"),
        ({"use_presigned": "perhaps"}, "use_presigned: Input should be a valid boolean"),
    ],
)
def test_how_to_work_is_checked_wherever_it_stands(collection: Collection, extra: Any, problem: str):
    with pytest.raises(ParamsError) as caught:
        collection.upload(extra_params=extra)

    assert problem in caught.value.message


def test_what_extra_params_say_of_how_to_work_comes_first_and_no_more():
    params = UploadParams.model_validate(
        {
            "name": "a",
            "path": "p",
            "storage": 1,
            "data_collection": 7,
            "upload_max_workers": 5,
            "extra_params": {
                "upload_max_workers": "3",
                "data_collection": 9,
                "own": "mine",
                "use_presigned": None,
            },
        }
    )

    found = [
        read_param(params, key, "else") for key in ("upload_max_workers", "data_collection", "own", "none")
    ]

    assert found == [3, 7, "mine", "else"]
    assert read_param(params, "use_presigned", True) is True


def test_large_files_travel_in_chunks(collection: Collection):
    content = PNG + bytes(1_100_000)
    collection.add("image_1/large.png", content)
    sent = []

    def finish(asked: Asked) -> dict[str, Any]:
        checksum = hashlib.sha1(content).hexdigest()
        return {"id": 1, "checksum": checksum}

    documents = collection.server.documents
    documents["PUT chunked_upload"] = lambda asked: (
        sent.append(asked.headers["content-range"])
        or {"id": 4, "url": f"{collection.server.url}/chunked_upload/4/"}
    )
    documents["POST chunked_upload/4"] = {"id": 4}
    documents["POST data_files"] = finish

    assert collection.upload(max_file_size_mb=1)["data_units"] == 1
    assert sent == [f"bytes 0-{len(content) - 1}/{len(content)}"]
    assert collection.server.requests("data_files", "POST")[0].body == {"chunked_upload": 4}


class Bucket:
    """A storage behind the server, which signs addresses of it."""

    def __init__(self, collection: Collection) -> None:
        self.collection, self.contents = collection, dict[str, bytes]()
        documents = collection.server.documents
        documents["POST data_files/presigned_upload/upload"] = self._offer
        documents["POST data_files/presigned_upload/confirm_upload"] = self._confirm

    def _offer(self, asked: Asked) -> dict[str, Any]:
        files = []
        for number, file in enumerate(asked.body["files"]):
            key = f"key-{number}"
            address = f"{self.collection.server.url}/bucket/{key}"
            offer: dict[str, Any] = {"filename": file["filename"], "file_key": key}
            if file["size"] > 1000:
                parts = [{"part_number": n, "presigned_url": f"{address}?part={n}"} for n in (1, 2)]
                offer["multipart"] = {"upload_id": "u", "part_size": 600, "parts": parts}
            else:
                offer["presigned_url"] = f"{address}?sig=s3cret"
            self.collection.server.documents[f"PUT bucket/{key}"] = self._take
            files.append(offer)
        return {"files": files}

    def _take(self, asked: Asked) -> dict[str, Any]:
        assert "synapse-access-token" not in asked.headers
        self.contents[asked.path] = self.contents.get(asked.path, b"") + (asked.body or b"")
        return {}

    def _confirm(self, asked: Asked) -> dict[str, Any]:
        results = []
        for file in asked.body["files"]:
            content = self.contents[f"bucket/{file['file_key']}"]
            good = hashlib.sha1(content).hexdigest() == file["checksum"] and len(content) == file["size"]
            self.collection.contents.add(file["checksum"])
            results.append({"file_key": file["file_key"], "success": good, "data_file_id": 1, "error": "bad"})
        return {"results": results}


class OursWithTheirCollections(BackendClient):
    """A server of ours for files and storages; collections and data units, which it has not, are theirs."""

    def __init__(self, ours: RunningServer, theirs: str) -> None:
        super().__init__(ours.url, ours.token("developer"))
        self.theirs = BackendClient(theirs, "the-token")

    def get_data_collection(self, collection: int) -> dict[str, Any]:
        return self.theirs.get_data_collection(collection)

    def create_data_units(self, data: Any, *, idempotency_key: str | None = None) -> list[dict[str, Any]]:
        return self.theirs.create_data_units(data, idempotency_key=idempotency_key)

    def close(self) -> None:
        super().close()
        self.theirs.close()


def test_a_server_of_ours_takes_files_whole_and_in_chunks(collection: Collection, server: RunningServer):
    with closing(OursWithTheirCollections(server, collection.server.url)) as client:
        storage = client.get_default_storage()
        assert storage is not None
        collection.folder = Path(client.get_storage(storage["id"])["configuration"]["location"]) / "incoming"
        collection.add("image_1/small.png")
        collection.add("image_1/large.png", PNG + bytes(2 * 1024**2))
        asked = {"name": "cats", "path": "incoming", "storage": storage["id"], "data_collection": 7}
        executor = LocalExecutor(sinks=[], client=client)

        first = executor.execute(DefaultUploadAction, {**asked, "max_file_size_mb": 1})
        again = executor.execute(
            DefaultUploadAction, {**asked, "extra_params": {"skip_existing_checksums": True}}
        )

        assert (first["data_units"], again["data_units"], again["skipped_files"]) == (2, 0, 2)
        sent = sorted(unit["files"]["image_1"]["checksum"] for unit in collection.units)
        assert client.verify_data_files_checksums(sent) == {"existing_checksums": sent}
        assert client.get_chunked_upload(1)["filename"] == "large.png"
        for number in (1, 2):
            data_file = client._get(f"data_files/{number}/")
            assert data_file["checksum"] in sent


@pytest.fixture
def bucket(collection: Collection) -> Bucket:
    return Bucket(collection)


def test_files_go_straight_to_the_storage_where_the_server_says_so(collection: Collection, bucket: Bucket):
    collection.add("image_1/a.png")
    collection.add("image_1/large.png", PNG + bytes(1000))

    assert collection.upload()["data_units"] == 2
    assert sorted(map(len, bucket.contents.values())) == [len(PNG + b"image_1/a.png"), 1008]
    assert not collection.server.requests("data_files", "POST")


def test_only_what_the_storage_refuses_goes_through_the_server(collection: Collection, bucket: Bucket):
    for name in "abc":
        collection.add(f"image_1/{name}.png")
    collection.server.troubles["bucket/key-1"] = [403]

    assert collection.upload()["data_units"] == 3
    assert len(bucket.contents) == 2
    assert len(collection.server.requests("data_files", "POST")) == 1


def test_a_data_unit_that_is_refused_does_not_take_others_with_it(collection: Collection):
    for name in "abcde":
        collection.add(f"image_1/{name}.png")
    collection.refused = {"c"}

    error, reasons = collection.fail()

    assert collection.keys() == ["a", "b", "d", "e"]
    assert reasons == {"image_1/c.png": "DATA_UNIT_CREATION_FAILED: 422: meta is not as it must be"}
    assert error.details["data_units"] == 4


Write = Callable[[Path, list[list[Any]]], None]


def write_csv(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        csv.writer(stream).writerows(rows)


def write_excel(path: Path, rows: list[list[Any]]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    book.close()


TABLES = pytest.mark.parametrize(("name", "write"), [("meta.csv", write_csv), ("meta.xlsx", write_excel)])


def metas(collection: Collection) -> dict[str, dict[str, Any]]:
    own = {"origin_file_stem", "origin_file_extension", "created_at", "data_unit_key"}
    return {
        unit["meta"]["data_unit_key"]: {k: v for k, v in unit["meta"].items() if k not in own}
        for unit in collection.units
    }


@TABLES
def test_metadata_goes_to_the_file_that_it_names(collection: Collection, name: str, write: Write):
    for place in ("1", "11", "sub/2", "clip_0001", "clip_0002", "none"):
        collection.add(f"image_1/{place}.png")
    rows = [["File_Name", "weather", "count"], ["1.png", "sun", 3], ["sub/2.png", "rain", ""]]
    write(collection.folder / name, [*rows, ["clip.mp4", "snow", 1.5]])

    collection.upload()

    # Sheet §15, 12: `1.png` was taken for `11.png`, too.
    assert metas(collection) == {
        "1": {"weather": "sun", "count": "3"},
        "11": {},
        "sub/2": {"weather": "rain"},
        "clip_0001": {"weather": "snow", "count": "1.5"},
        "clip_0002": {"weather": "snow", "count": "1.5"},
        "none": {},
    }


def test_metadata_that_could_be_of_two_files_is_not_guessed(collection: Collection):
    for place in ("a/1", "b/1", "2"):
        collection.add(f"image_1/{place}.png")
    write_csv(
        collection.folder / "meta.csv",
        [["filename", "x"], ["1.png", "y"], ["2.png", "y"], ["2.png", "z"], ["ghost.png", "y"], ["", "y"]],
    )

    _, reasons = collection.fail()

    unclear = "it may be about any of a/1, b/1; name the file by its path in the folder"
    assert reasons == {
        "1.png": f"INVALID_METADATA: {unclear}",
        "image_1/a/1.png": f"INVALID_METADATA: the metadata row '1.png': {unclear}",
        "image_1/b/1.png": f"INVALID_METADATA: the metadata row '1.png': {unclear}",
        "2.png": "INVALID_METADATA: several rows are about the same file",
        "image_1/2.png": "INVALID_METADATA: the metadata row '2.png': several rows are about the same file",
        "ghost.png": "INVALID_METADATA: no file has this name",
        "row 6": "INVALID_METADATA: row 6: it names no file",
    }
    assert collection.units == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_about_one_piece_comes_before_one_about_all_of_them(collection: Collection, order: int):
    for number in (1, 2):
        collection.add(f"image_1/clip_{number}.png")
    rows = [["clip.mp4", "all"], ["clip_2.png", "second"]]
    write_csv(collection.folder / "meta.csv", [["filename", "x"], *rows[::order]])

    collection.upload()

    assert metas(collection) == {"clip_1": {"x": "all"}, "clip_2": {"x": "second"}}


def test_a_row_whose_files_all_have_rows_of_their_own_is_told(collection: Collection):
    collection.add("image_1/clip_1.png")
    write_csv(collection.folder / "meta.csv", [["filename", "x"], ["clip", "all"], ["clip_1", "first"]])

    _, reasons = collection.fail()

    assert reasons == {"clip": "INVALID_METADATA: each of its files has a row of its own"}
    assert metas(collection) == {"clip_1": {"x": "first"}}


def test_equal_bytes_of_which_different_things_are_said_are_two_data_units(collection: Collection):
    for name in "abc":
        collection.add(f"image_1/{name}.png", PNG)
    write_csv(
        collection.folder / "meta.csv", [["filename", "x"], ["a", "left"], ["b", "right"], ["c", "left"]]
    )

    result = collection.upload()

    assert metas(collection) == {"a": {"x": "left"}, "b": {"x": "right"}}
    assert result["skipped_files"] == 1
    assert len(collection.server.requests("data_files", "POST")) == 1


@pytest.mark.parametrize("column", ["created_at", "origin_file_stem", "data_unit_key"])
def test_a_table_may_say_what_an_upload_says_by_itself(collection: Collection, column: str):
    for name in "abc":
        collection.add(f"image_1/{name}.png", PNG)
    rows = [["filename", column], ["a", "2001"], ["b", "2002"], ["c", "2001"]]
    write_csv(collection.folder / "meta.csv", rows)

    result = collection.upload()

    assert sorted(unit["meta"][column] for unit in collection.units) == ["2001", "2002"]
    assert result["skipped_files"] == 1


def test_names_are_the_same_however_a_system_composes_their_letters(collection: Collection):
    collection.take(IMAGE, LABEL)
    composed, decomposed = (unicodedata.normalize(form, "고양이/é") for form in ("NFC", "NFD"))
    assert composed != decomposed
    collection.add(f"image_1/{decomposed}.png")
    collection.add(f"data_1/{composed}.json")
    write_csv(collection.folder / "meta.csv", [["filename", "x"], [f"{composed}.png", "y"]])

    collection.upload()

    assert metas(collection) == {composed: {"x": "y"}}


def test_an_excel_sheet_that_says_it_is_smaller_is_read_to_its_end(collection: Collection):
    for name in "ab":
        collection.add(f"image_1/{name}.png")
    whole = collection.folder.parent / "whole.xlsx"
    write_excel(whole, [["filename", "x"], ["a.png", "1"], ["b.png", "2"]])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(collection.folder / "meta.xlsx", "w") as target:
        for item in source.infolist():
            target.writestr(
                item, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', source.read(item))
            )

    collection.upload()

    assert metas(collection) == {"a": {"x": "1"}, "b": {"x": "2"}}


BAD_TABLES: list[tuple[str, Any, str]] = [
    ("meta.csv", [["name", "x"], ["a.png", "y"]], "The header of the metadata meta.csv is 'name', 'x'"),
    ("meta.csv", [["filename"], ["a.png"]], "The header of the metadata meta.csv is 'filename'"),
    ("meta.csv", [["filename", "x", "x"]], "The header of the metadata"),
    ("meta.csv", [], "The header of the metadata meta.csv is nothing"),
    ("meta.csv", b"filename,x\n\xff\xfe", "no CSV in UTF-8"),
    ("meta.csv", b"x" * (10 * 1024**2 + 1), "is the most"),
    ("meta.csv", [["filename", *map(str, range(300))]], "more than 300 columns"),
    ("meta.xlsx", b"no archive", "no Excel table that can be read"),
    ("meta.xls", b"old", "neither a CSV"),
]


@pytest.mark.parametrize(("name", "content", "problem"), BAD_TABLES)
def test_a_table_that_can_not_be_read_ends_the_upload_before_it_begins(
    collection: Collection, name: str, content: Any, problem: str
):
    collection.add("image_1/a.png")
    if isinstance(content, bytes):
        (collection.folder / name).write_bytes(content)
    else:
        write_csv(collection.folder / name, content)

    with pytest.raises(ExecutionError, match=problem) as caught:
        collection.upload()

    assert "process_metadata" in str(caught.value)
    assert not collection.units


@pytest.mark.parametrize("harm", ["compressed", "method", "encrypted", "cut"])
def test_a_damaged_excel_table_is_said_to_be_one(collection: Collection, harm: str):
    collection.add("image_1/a.png")
    table = collection.folder / "meta.xlsx"
    write_excel(table, [["filename", "x"], *([f"{n}.png", str(n)] for n in range(50))])
    content = bytearray(table.read_bytes())
    if harm == "cut":
        del content[200:300]
    else:
        with zipfile.ZipFile(table) as archive:
            sheet = archive.getinfo("xl/worksheets/sheet1.xml")
        listed = content.rindex(sheet.filename.encode()) - 46
        if harm == "compressed":
            at = sheet.header_offset + 30 + len(sheet.filename) + 40
            content[at : at + 40] = bytes(40)
        elif harm == "method":
            content[listed + 10] = 99
        else:
            content[listed + 8] |= 1
    table.write_bytes(content)

    with pytest.raises(ExecutionError, match=r"meta\.xlsx is no Excel table that can be read"):
        collection.upload()


def test_an_excel_table_that_unpacks_to_too_much_is_refused(collection: Collection):
    import zipfile

    collection.add("image_1/a.png")
    with zipfile.ZipFile(collection.folder / "meta.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(31 * 1024**2))

    with pytest.raises(ExecutionError, match=r"meta\.xlsx has 32\.5 MB; 31\.5 MB is the most"):
        collection.upload()


def test_without_openpyxl_it_is_said_how_to_get_it(collection: Collection, monkeypatch: pytest.MonkeyPatch):
    collection.add("image_1/a.png")
    write_excel(collection.folder / "meta.xlsx", [["filename", "x"], ["a.png", "y"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    with pytest.raises(ExecutionError, match="openpyxl is needed") as caught:
        collection.upload()

    assert "synapse-sdk[excel]" in str(caught.value.hint)


@pytest.mark.parametrize("path", ["ghost.csv", "../outside.csv"])
def test_metadata_that_is_named_must_be_there(collection: Collection, path: str):
    collection.add("image_1/a.png")
    (collection.server.storage.parent / "outside.csv").write_text("filename,x\na.png,y\n")

    with pytest.raises(ExecutionError, match="process_metadata"):
        collection.upload(excel_metadata_path=path)


def test_each_specification_may_have_a_folder_of_its_own(collection: Collection):
    collection.take(IMAGE, LABEL)
    for place in ("here/a.png", "here/deeper/b.png"):
        collection.add(place)
    collection.add("there/a.json")
    assets = {
        "image_1": {"path": "incoming/here", "is_recursive": False},
        "data_1": {"path": "incoming/there"},
    }

    collection.upload(use_single_path=False, path=None, assets=assets)

    assert collection.keys() == ["a"]
    with pytest.raises(ExecutionError, match="no file specification ghost"):
        collection.upload(use_single_path=False, path=None, assets={"ghost": {"path": "incoming/here"}})


def test_params_of_an_upload_of_ones_own_stand_in_the_brackets_and_are_known(collection: Collection):
    class PhotoParams(UploadParams):
        camera: Literal["x100", "gr3"] = "x100"

    class PhotoUpload(DefaultUploadAction[PhotoParams]): ...

    sink = RecordingSink()
    collection.add("image_1/a.png")

    collection.upload(PhotoUpload, sinks=[sink], camera="gr3", colour="red")

    assert PhotoUpload.params_model is PhotoParams
    assert DefaultUploadAction.params_model is UploadParams
    assert "Params that an upload does not know: colour." in sink.contents()


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("incoming/here", "incoming/here", "name the same folder, 'incoming/here'"),
        ("incoming/here", "/incoming/./here/", "name the same folder"),
        (
            "incoming",
            "incoming/here",
            "'data_1' and 'image_1' name a folder in that of the other, 'incoming/here'",
        ),
        ("incoming/link", "incoming/here", "name the same folder"),
    ],
)
def test_each_asset_has_a_folder_of_its_own(collection: Collection, first: str, second: str, told: str):
    collection.take(IMAGE, LABEL)
    collection.add("here/a.png")
    (collection.folder / "link").symlink_to("here")
    assets = {"image_1": {"path": first}, "data_1": {"path": second}}

    with pytest.raises(ExecutionError, match=told) as caught:
        collection.upload(use_single_path=False, path=None, assets=assets)

    assert "whose a file there is could not be told" in caught.value.message
    assert collection.units == []


def test_a_folder_in_another_s_is_its_own_where_the_other_s_files_end_before_it(collection: Collection):
    collection.take(IMAGE, LABEL)
    collection.add("a.png")
    collection.add("labels/a.json")
    assets = {
        "image_1": {"path": "incoming", "is_recursive": False},
        "data_1": {"path": "incoming/labels"},
    }

    collection.upload(use_single_path=False, path=None, assets=assets)

    assert collection.keys() == ["a"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"path": None}, "path is needed unless"),
        ({"use_single_path": False}, "assets are needed when"),
        ({"name": " "}, "a name has letters"),
        ({"upload_max_workers": 0}, "upload_max_workers"),
    ],
)
def test_params_that_do_not_fit_are_refused(collection: Collection, given: dict[str, Any], problem: str):
    with pytest.raises(ParamsError, match=problem):
        collection.upload(**given)


@pytest.mark.parametrize("path", ["../elsewhere", "ghost", "a/../../elsewhere"])
def test_an_upload_stays_in_its_storage(collection: Collection, path: str):
    (collection.server.storage.parent / "elsewhere/image_1").mkdir(parents=True)

    with pytest.raises(ExecutionError, match=r"stays in its storage|no folder"):
        collection.upload(path=path)


def test_a_param_that_nobody_knows_is_said(collection: Collection):
    sink = RecordingSink()
    collection.add("image_1/a.png")

    collection.upload(sinks=[sink], colour="red")

    assert any("does not know: colour" in text for text in sink.contents())


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"project": 3}, "project: the server has no such project (given: 3)"),
        ({"data_collection": 8}, "data_collection: the server has no such data collection (given: 8)"),
    ],
)
def test_what_the_params_name_must_be_there(collection: Collection, given: dict[str, int], problem: str):
    with pytest.raises(ParamsError) as caught:
        collection.upload(**given)

    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("given", "step"), [("project", "initialize"), ("data_collection", "analyze_collection")]
)
def test_where_params_are_checked_without_a_server_the_steps_ask(
    collection: Collection, given: str, step: str
):
    asked = {"name": "a", "path": "incoming", "storage": 1, "data_collection": 7, given: 8}

    with closing(BackendClient(collection.server.url, "the-token")) as client:
        executor = LocalExecutor(sinks=[], open_client=lambda: client)
        with pytest.raises(ExecutionError, match=f"Step '{step}' failed: 404"):
            executor.execute(DefaultUploadAction, asked)


def test_what_is_wrong_with_params_has_the_sheets_types(collection: Collection):
    asked = {"name": "a", "storage": 1, "data_collection": 8, "project": 9}

    with closing(BackendClient(collection.server.url, "the-token")) as client:
        context = {"client": client}
        with pytest.raises(pydantic.ValidationError) as caught:
            UploadParams.model_validate(asked, context=context)

    assert [(item["type"], item["loc"]) for item in caught.value.errors()] == [
        ("missing_path", ("path",)),
        ("data_collection_not_found", ("data_collection",)),
        ("project_not_found", ("project",)),
    ]


def test_the_server_is_asked_for_each_thing_once(collection: Collection):
    collection.add("image_1/a.png")
    collection.server.documents["projects/3"] = {"id": 3}

    collection.upload(project=3)

    for path in ("storages/1", "data_collections/7", "projects/3"):
        assert len(collection.server.requests(path)) == 1, path


def test_without_a_server_it_says_so_and_the_ways_on():
    asked = {"name": "cats", "path": "x", "storage": 1, "data_collection": 7}

    with pytest.raises(ExecutionError, match=r"^Backend client is None") as caught:
        LocalExecutor(sinks=[], open_client=lambda: None).execute(DefaultUploadAction, asked)

    assert "synapse login" in str(caught.value.hint)


def test_a_base_without_code_says_what_is_missing():
    class Nothing(BaseUploadAction[dict]):  # type: ignore[type-arg]
        pass

    with pytest.raises(ExecutionError, match="neither execute"):
        LocalExecutor(sinks=[]).execute(Nothing, {})


def test_a_rehearsal_reads_the_files_here_and_asks_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incoming/image_1").mkdir(parents=True)
    for name in "ab":
        (tmp_path / f"incoming/image_1/{name}.png").write_bytes(PNG + name.encode())
    executor = LocalExecutor(sinks=[], rehearse=True)
    asked = {"name": "cats", "path": "incoming", "storage": 1, "data_collection": 7}

    result = executor.execute(DefaultUploadAction, asked)

    assert (result["uploaded_files"], result["data_units"]) == (2, 2)
    assert any("POST data_units/ was made up" in text for text in executor.rehearsed)


@pytest.fixture
def ffprobe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program in ffprobe's place, which says the times that stand in a file beside the video."""
    program = tmp_path / "bin/ffprobe"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor last; do :; done\ncat "${last#file:}.times"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return program


def test_a_video_whose_pictures_are_uneven_is_refused(collection: Collection, ffprobe: Path):
    collection.take({"name": "video_1", "file_type": "video", "is_required": True})
    for name, times in {"even": "0.0\n0.04\n0.08\n", "uneven": "0.0\n0.04\n0.3\n"}.items():
        video = collection.add(f"video_1/{name}.mp4", b"\0\0\0\x18ftyp" + name.encode())
        video.with_name(f"{name}.mp4.times").write_text(times)
    # The times are no videos: ffprobe fails, which is said, and they are refused for their ending.
    collection.take({"name": "video_1", "file_type": "video", "is_required": True, "extensions": [".mp4"]})

    _, reasons = collection.fail()

    assert reasons["video_1/uneven.mp4"].startswith(
        "VFR_VALIDATION_FAILED: the time between its pictures varies"
    )
    assert collection.keys() == ["even"]


def test_a_video_that_can_not_be_looked_at_is_uploaded_and_that_is_said(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
):
    sink = RecordingSink()
    monkeypatch.setenv("PATH", "")
    collection.take({"name": "video_1", "file_type": "video", "is_required": True})
    collection.add("video_1/a.mp4", b"\0\0\0\x18ftyp")

    assert collection.upload(sinks=[sink])["data_units"] == 1
    assert any("its frame rate was not checked: ffprobe" in text for text in sink.contents())


def test_checksums_under_the_names_that_plugins_import(collection: Collection):
    one, same = (collection.add(f"{name}.png", b"x") for name in "ab")
    other = collection.add("c.png", b"y")

    checksums = calculate_checksums_parallel([one, same, other], max_workers=2)

    assert checksums[one] == checksums[same] == hashlib.sha1(b"x").hexdigest()
    with pytest.raises(FileProcessingError, match=r"1 files have no checksum; .*ghost: it can not be read"):
        calculate_checksums_parallel([one, collection.folder / "ghost"])
    collection.contents.add(checksums[other])
    with closing(BackendClient(collection.server.url, "the-token")) as client:
        assert verify_checksums_batch(client, list(checksums.values()), 1) == {checksums[other]}
        lacking, there = filter_existing_checksums(client, checksums)
    assert (set(lacking), there) == ({one, same}, {other: checksums[other]})


def test_of_equal_files_one_is_first():
    first, same_as = deduplicate_by_checksum({Path("a"): "1", Path("b"): "2", Path("c"): "1"})

    assert first == {Path("a"): "1", Path("b"): "2"}
    assert same_as == {Path("c"): Path("a")}


def test_groups_are_put_inside_of_the_one_that_is_named():
    records: list[dict[str, Any]] = [{}, {"groups": ["day"]}]

    apply_group_name(records, "2024/spring")
    assert records == [{"groups": ["2024", "spring"]}, {"groups": ["2024", "spring", "day"]}]
    untouched: list[dict[str, Any]] = [{}]
    apply_group_name(untouched, " ")
    assert untouched == [{}]


@pytest.mark.parametrize("code", list(ImportFailureCode))
def test_every_failure_has_words(code: ImportFailureCode):
    assert IMPORT_FAILURE_MESSAGES[code]


@pytest.mark.parametrize("code", list(UploadLogMessageCode))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_code_has_its_words(code: UploadLogMessageCode, language: str):
    values = dict.fromkeys(("count", "success", "failed", "files", "data_units", "header"), 3)

    text, _ = resolve_log_message(code, language, **values)

    assert text != code.value
    assert "{" not in text


def test_a_file_with_the_name_of_a_specification_is_a_stray(collection: Collection):
    collection.take(IMAGE, {"name": "data_1", "file_type": "data"})
    collection.add("image_1/a.png")
    collection.add("data_1", b"x")

    _, reasons = collection.fail()

    assert reasons == {
        "data_1": "UNKNOWN_ERROR: it lies in no folder of a file specification: image_1, data_1"
    }
    assert collection.keys() == ["a"]


def test_workers_that_are_not_there_are_said_not_to_be(collection: Collection):
    sink = RecordingSink()
    collection.add("image_1/a.png")

    collection.upload(sinks=[sink], upload_ray_workers=4)

    assert any("upload_ray_workers is 4" in text for text in sink.contents())


def test_a_rehearsal_that_finds_a_bad_file_does_not_say_that_the_others_are_on_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "incoming/image_1").mkdir(parents=True)
    (tmp_path / "incoming/image_1/bad.png").write_text("no picture")

    with pytest.raises(ExecutionError, match=r"1 of 1 were not imported: image_1/bad\.png") as caught:
        LocalExecutor(sinks=[], rehearse=True).execute(
            DefaultUploadAction, {"name": "cats", "path": "incoming", "storage": 1, "data_collection": 7}
        )

    assert str(caught.value.hint).startswith("Nothing was sent; these would fail in an upload, too.")
