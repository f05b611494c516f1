"""Strategies of a plugin's own that answer what does not fit: told in a sentence, and counted truly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.plugins.actions.test_upload import Collection, collection, entries
from tests.plugins.actions.test_upload_strategies import using
from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins.actions.upload import (
    DataUnitStrategy,
    DefaultValidationStrategy,
    RecursiveFileDiscoveryStrategy,
    UploadConfig,
    UploadStrategy,
    ValidationResult,
)
from synapse_sdk.plugins.errors import ExecutionError

__all__ = ["collection"]


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"files": {"picture": Path("one.png")}, "meta": {}}, "files for picture, which the collection"),
        ({"files": {"image_1": Path("one.png")}}, "Group 1 of the plugin's file discovery has no meta."),
        ({"meta": {}}, "Group 1 of the plugin's file discovery has no files."),
        ("one.png", "Group 1 of the plugin's file discovery has no files."),
    ],
)
def test_a_group_that_is_none_is_told_with_its_number(
    collection: Collection, group: Any, message: str
) -> None:
    class Odd(RecursiveFileDiscoveryStrategy):
        def organize(self, *_: Any) -> list[dict[str, Any]]:
            return [group]

    collection.add("image_1/one.png")

    with pytest.raises(ExecutionError) as caught:
        collection.upload(using(file_discovery=Odd))
    assert message in caught.value.message


def test_a_file_that_no_group_takes_says_who_left_it_out(collection: Collection) -> None:
    class First(RecursiveFileDiscoveryStrategy):
        def organize(self, files: list[Path], *rest: Any) -> list[dict[str, Any]]:
            return super().organize(files, *rest)[:1]

    collection.add("image_1/one.png")
    collection.add("image_1/two.png")
    sink = RecordingSink()

    collection.upload(using(file_discovery=First), [sink])

    reason = entries(sink)["image_1/two.png"]["failure_reason_detail"]
    assert reason == "the plugin's file discovery put it into no group"


def test_paths_may_be_text(collection: Collection) -> None:
    class Texts(RecursiveFileDiscoveryStrategy):
        def discover(self, path: Path, recursive: bool = True) -> list[Any]:
            return [str(file) for file in super().discover(path, recursive)]

    collection.add("image_1/one.png")

    collection.upload(using(file_discovery=Texts))

    assert collection.keys() == ["one"]


def test_what_a_check_notes_without_refusing_is_a_warning(collection: Collection) -> None:
    class Notes(DefaultValidationStrategy):
        def validate_params(self, params: dict[str, Any]) -> ValidationResult:
            return ValidationResult(True, ["the name is odd"])

    collection.add("image_1/one.png")
    sink = RecordingSink()

    collection.upload(using(validation=Notes), [sink])

    assert "The params are taken, but: the name is odd." in sink.contents()


def test_more_records_than_groups_count_as_none_made(collection: Collection) -> None:
    class Many(DataUnitStrategy):
        def generate(self, files: list[dict[str, Any]], batch_size: int) -> list[dict[str, Any]]:
            return [{"id": 1}, {"id": 2}, {"id": 3}]

    collection.add("image_1/one.png")
    sink = RecordingSink()

    with pytest.raises(ExecutionError, match="3 records for 1 groups"):
        collection.upload(using(data_unit=Many), [sink])
    (counts,) = [event.values for event in sink.of_kind("metric") if event.step == "data_units"]
    assert counts == {"success": 0, "failed": 1, "stand_by": 0}


def test_a_group_that_lost_a_file_on_its_way_is_refused(collection: Collection) -> None:
    class Loses(UploadStrategy):
        def upload(self, files: list[dict[str, Any]], config: UploadConfig) -> list[dict[str, Any]]:
            return [{"files": {}, "meta": group["meta"]} for group in files]

    collection.add("image_1/one.png")

    with pytest.raises(ExecutionError, match=r"files for nothing; it was given image_1\."):
        collection.upload(using(upload=Loses))
    assert collection.units == []
