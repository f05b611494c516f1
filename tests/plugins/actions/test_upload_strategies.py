"""Strategies of a plugin's own: the steps use them, and every file still has its entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.plugins.actions.test_upload import LABEL, Collection, collection, entries
from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins.actions.upload import (
    DataUnitStrategy,
    DefaultUploadAction,
    DefaultValidationStrategy,
    FileDiscoveryStrategy,
    ImportFailureCode,
    MetadataStrategy,
    NoneMetadataStrategy,
    RecursiveFileDiscoveryStrategy,
    SingleDataUnitStrategy,
    SyncUploadStrategy,
    UploadConfig,
    UploadContext,
    UploadStrategy,
    ValidationResult,
    ValidationStrategy,
)
from synapse_sdk.plugins.actions.upload.discovery import Problem
from synapse_sdk.plugins.actions.upload.strategies import (
    CsvMetadataStrategy,
    FlatFileDiscoveryStrategy,
    extract_origin_stem,
    find_metadata_for_transformed_file,
    get_batched_list,
)
from synapse_sdk.plugins.actions.upload.strategies.base import count_uploadable_files
from synapse_sdk.plugins.errors import ExecutionError

__all__ = ["collection"]


def using(**strategies: Any) -> type[DefaultUploadAction]:
    """Return an upload whose strategies are these."""

    class Upload(DefaultUploadAction):
        def get_strategies(self) -> dict[str, Any]:
            return strategies

    return Upload


class NoNights(ValidationStrategy):
    def validate_params(self, params: dict[str, Any]) -> ValidationResult:
        is_fine = params["name"] != "nights"
        return ValidationResult(is_fine, [] if is_fine else ["nights are not uploaded"])

    def validate_files(self, files: list[dict[str, Any]], context: UploadContext) -> ValidationResult:
        too_dark = Problem(ImportFailureCode.UNSAFE_CONTENT, "it is too dark")
        paths = [path for group in files for path in group["files"].values()]
        result = ValidationResult(refused={path: too_dark for path in paths if path.name == "dark.png"})
        if any("black" in path.name for path in paths):
            result.valid, result.errors = False, ["black pictures"]
        return result


def test_a_validation_of_the_plugin_s_own_decides_alone_about_params_and_files(
    collection: Collection,
) -> None:
    collection.add("image_1/day.png", b"no picture at all")  # the SDK's own validation would refuse it
    collection.add("image_1/dark.png")
    collection.take({"name": "image_1", "file_type": "image"}, LABEL | {"is_required": False})
    collection.add("data_1/dark.json")

    _, reasons = collection.fail(action=using(validation=NoNights()))

    assert collection.keys() == ["day"]
    assert reasons == {
        "image_1/dark.png": "UNSAFE_CONTENT: it is too dark",
        "data_1/dark.json": "UNSAFE_CONTENT: it belongs to image_1/dark.png, which was refused",
    }


def test_a_validation_that_says_no_ends_the_upload_with_its_reason(collection: Collection) -> None:
    collection.add("image_1/black.png")

    with pytest.raises(ExecutionError, match=r"The params were refused: nights are not uploaded\."):
        collection.upload(using(validation=NoNights), name="nights")
    with pytest.raises(ExecutionError, match=r"The files were refused: black pictures\."):
        collection.upload(using(validation=NoNights))
    assert collection.contents == set()


def test_what_a_discovery_leaves_out_is_skipped_and_what_it_adds_is_judged(
    collection: Collection, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"elsewhere")

    class Picky(FileDiscoveryStrategy):
        def discover(self, path: Path, recursive: bool) -> list[Path]:
            return [path / "one.png", secret]

        def organize(self, files: list[Path], *_: Any) -> list[dict[str, Any]]:
            return [{"files": {"image_1": file}, "meta": {"data_unit_key": "mine"}} for file in files]

    collection.add("image_1/one.png")
    collection.add("image_1/two.png")
    sink = RecordingSink()

    with pytest.raises(ExecutionError, match="leads out"):
        collection.upload(using(file_discovery=Picky), [sink], group_name="a/b")

    (unit,) = collection.units
    assert (unit["meta"], unit["groups"]) == ({"data_unit_key": "mine"}, ["a", "b"])
    found = entries(sink)
    assert found["image_1/two.png"]["import_status"] == "skipped"
    assert found["image_1/two.png"]["failure_reason_detail"] == "the plugin's file discovery passed it over"
    assert found["image_1/secret.png"]["import_status"] == "failed"


def test_a_discovery_derived_from_ours_keeps_its_account(collection: Collection) -> None:
    class NoDrafts(RecursiveFileDiscoveryStrategy):
        def discover(self, path: Path, recursive: bool = True) -> list[Path]:
            return [file for file in super().discover(path, recursive) if "draft" not in file.name]

    collection.add("image_1/a/one.png")
    collection.add("image_1/a/draft.png")
    collection.add("image_1/.DS_Store")
    sink = RecordingSink()

    collection.upload(using(file_discovery=NoDrafts), [sink])

    assert collection.keys() == ["a/one"]
    assert {name: entry["import_status"] for name, entry in entries(sink).items()} == {
        "image_1/a/one.png": "success",
        "image_1/a/draft.png": "skipped",
        "image_1/.DS_Store": "skipped",
    }


def test_a_flat_discovery_takes_no_sub_folders(collection: Collection) -> None:
    collection.add("image_1/one.png")
    collection.add("image_1/a/two.png")

    result = collection.upload(using(file_discovery=FlatFileDiscoveryStrategy))

    assert (collection.keys(), result["skipped_files"]) == (["one"], 1)


class Lines(MetadataStrategy):
    def extract(self, source: Path) -> dict[str, dict[str, str]]:
        return {line: {"seen": "yes"} for line in source.read_text().split()}

    def validate(self, metadata: dict[str, dict[str, str]]) -> ValidationResult:
        return ValidationResult("nobody" not in metadata, ["nobody is no name"])


def test_metadata_of_any_format_is_read_by_a_strategy_of_its_own(collection: Collection) -> None:
    collection.add("image_1/one.png")
    collection.add("names.txt", b"one")

    collection.upload(using(metadata=Lines), excel_metadata_path="names.txt")

    assert collection.units[0]["meta"]["seen"] == "yes"
    collection.add("names.txt", b"nobody")
    with pytest.raises(ExecutionError, match=r"The metadata were refused: nobody is no name\."):
        collection.upload(using(metadata=Lines), excel_metadata_path="names.txt")


def test_metadata_of_ours_keep_their_problems_when_a_plugin_changes_the_rows(collection: Collection) -> None:
    class Shouting(CsvMetadataStrategy):
        def extract(self, source: Path) -> dict[str, dict[str, str]]:
            rows = super().extract(source)
            return {name: {key: value.upper() for key, value in row.items()} for name, row in rows.items()}

    collection.add("image_1/one.png")
    collection.add("meta.csv", b"filename,colour\none,red\n,blue\n")

    _, reasons = collection.fail(action=using(metadata=Shouting))

    assert collection.units[0]["meta"]["colour"] == "RED"
    assert reasons == {"row 3": "INVALID_METADATA: row 3: it names no file"}


def test_metadata_can_be_left_alone(collection: Collection) -> None:
    collection.add("image_1/one.png")
    collection.add("meta.csv", b"no table")

    collection.upload(using(metadata=NoneMetadataStrategy))

    assert collection.keys() == ["one"]


def test_what_an_upload_strategy_does_not_return_has_failed(collection: Collection) -> None:
    class First(UploadStrategy):
        def upload(self, files: list[dict[str, Any]], config: UploadConfig) -> list[dict[str, Any]]:
            assert (config.max_workers, config.batch_size) == (3, 200)
            sent = {"image_1": {"checksum": "abc", "path": "one.png"}}
            return [{"files": sent, "meta": files[0]["meta"]}]

    collection.add("image_1/one.png")
    collection.add("image_1/two.png")

    _, reasons = collection.fail(action=using(upload=First), upload_max_workers=3)

    assert collection.units[0]["files"] == {"image_1": {"checksum": "abc", "path": "one.png"}}
    assert reasons == {"image_1/two.png": "UPLOAD_FAILED: the plugin's upload strategy did not return it"}


def test_an_upload_derived_from_ours_sends_as_ours_does(collection: Collection) -> None:
    class Signed(SyncUploadStrategy):
        def upload(self, files: list[dict[str, Any]], config: UploadConfig) -> list[dict[str, Any]]:
            groups = super().upload(files, config)
            return [{**group, "meta": {**group["meta"], "signed": "yes"}} for group in groups]

    collection.add("image_1/one.png")

    assert collection.upload(using(upload=Signed))["data_units"] == 1
    assert collection.units[0]["meta"]["signed"] == "yes"


def test_data_units_can_be_made_one_by_one(collection: Collection) -> None:
    collection.add("image_1/one.png")
    collection.add("image_1/two.png")
    sizes: list[int] = []
    make = collection.server.documents["POST data_units"]

    def count(asked: Any) -> Any:
        sizes.append(len(asked.body))
        return make(asked)

    collection.server.documents["POST data_units"] = count

    collection.upload(using(data_unit=SingleDataUnitStrategy))

    assert sizes == [1, 1]


@pytest.mark.parametrize("is_short", [False, True])
def test_records_of_a_data_unit_strategy_are_held_against_its_groups(
    collection: Collection, is_short: bool
) -> None:
    class Elsewhere(DataUnitStrategy):
        def generate(self, files: list[dict[str, Any]], batch_size: int) -> list[dict[str, Any]]:
            return [{"id": number} for number in range(len(files) - is_short)]

    collection.add("image_1/one.png")
    collection.add("image_1/two.png")
    if not is_short:
        assert collection.upload(using(data_unit=Elsewhere))["uploaded_files"] == 2
        return
    reason = "DATA_UNIT_CREATION_FAILED: the plugin's data unit strategy returned 1 records for 2 groups"
    assert set(collection.fail(action=using(data_unit=Elsewhere))[1].values()) == {reason}


@pytest.mark.parametrize(
    ("strategies", "message"),
    [
        ({"discovery": Lines}, "An upload has no strategy discovery."),
        ({"validation": Lines}, "which is no ValidationStrategy."),
        ({"validation": ValidationStrategy}, "which does not define validate_files, validate_params."),
    ],
)
def test_a_strategy_that_does_not_fit_is_told_before_anything_is_read(
    collection: Collection, strategies: dict[str, Any], message: str
) -> None:
    with pytest.raises(ExecutionError) as caught:
        collection.upload(using(**strategies))
    assert message in caught.value.message


def test_params_without_what_an_upload_needs_are_named() -> None:
    result = DefaultValidationStrategy().validate_params({"name": "cats", "storage": 1})

    assert (result.valid, result.errors) == (False, ["data_collection is needed", "path is needed"])


def test_a_numbered_piece_has_the_row_of_what_it_was_cut_from() -> None:
    assert (extract_origin_stem("clip_0001"), extract_origin_stem("clip")) == ("clip", None)
    assert find_metadata_for_transformed_file("clip_1", {"clip.mp4": {"a": "1"}}) == {"a": "1"}
    assert find_metadata_for_transformed_file("clip_1", {"my_clip.mp4": {"a": "1"}}) is None
    assert find_metadata_for_transformed_file("clip_1", {"clip.mp4": {}, "clip.avi": {}}) is None


def test_batches_have_all_items_and_no_batch_has_none() -> None:
    assert get_batched_list([1, 2, 3], 2) == [[1, 2], [3]]
    with pytest.raises(ValueError, match="batch_size is 0"):
        get_batched_list([1], 0)


def test_files_without_bytes_do_not_count(tmp_path: Path) -> None:
    full, empty = tmp_path / "full.png", tmp_path / "empty.png"
    full.write_bytes(b"1")
    empty.touch()
    assert count_uploadable_files([{"files": {"image_1": full, "image_2": empty}}]) == 1
