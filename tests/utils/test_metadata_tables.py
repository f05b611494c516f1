"""Tables of metadata as plugins read them: by the code of uploads, all rows or an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import ValidationError

from synapse_sdk.plugins.actions.upload.exceptions import UploadError
from synapse_sdk.utils.csv import (
    CsvMetadataUtils,
    CsvParsingError,
    CsvSecurityConfig,
    CsvSecurityError,
    load_csv_metadata,
    validate_csv_file_security,
)
from synapse_sdk.utils.excel import (
    ExcelMetadataUtils,
    ExcelParsingError,
    ExcelSecurityConfig,
    ExcelSecurityError,
    PathAwareJSONEncoder,
    load_excel_metadata,
    validate_excel_file_security,
)

ROWS = [["filename", "place", "count"], ["a.png", "north", 3], ["b.png", "", 1.0]]
FOUND = {"a.png": {"place": "north", "count": "3"}, "b.png": {"count": "1"}}


def write(folder: Path, kind: str, rows: list[list[Any]]) -> Path:
    file = folder / f"meta.{kind}"
    if kind == "csv":
        text = "\n".join(",".join(str(cell).removesuffix(".0") for cell in row) for row in rows)
        file.write_text(text, encoding="utf-8-sig")
        return file
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file


KINDS = {
    "csv": (load_csv_metadata, validate_csv_file_security, CsvSecurityConfig, CsvMetadataUtils),
    "xlsx": (load_excel_metadata, validate_excel_file_security, ExcelSecurityConfig, ExcelMetadataUtils),
}
ERRORS = {"csv": (CsvParsingError, CsvSecurityError), "xlsx": (ExcelParsingError, ExcelSecurityError)}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_found_by_their_file_names(kind: str, tmp_path: Path):
    load, validate, _, utils = KINDS[kind]
    file = write(tmp_path, kind, ROWS)

    assert load(str(file)) == FOUND
    assert utils().load(file) == FOUND
    assert utils.get_metadata_for_file({"a": {"x": "1"}, **FOUND}, "a.png")["place"] == "north"
    assert utils.get_metadata_for_file({"c": {"x": "1"}}, "c.png") == {"x": "1"}
    assert utils.get_metadata_for_file(FOUND, "z.png") == {}
    assert utils.get_metadata_for_file({"a.png": {}, "a": {"x": "1"}}, "a.png") == {}  # a row says nothing
    validate(file)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("config", [{"max_rows": 1}, {"max_columns": 2}, {"max_file_size_mb": 0.000001}])
def test_a_table_larger_than_it_may_be_is_refused(kind: str, config: dict[str, Any], tmp_path: Path):
    load, validate, limits, utils = KINDS[kind]
    file = write(tmp_path, kind, ROWS)

    for call in (lambda: load(file, limits(**config)), lambda: utils(limits(**config)).load(file)):
        with pytest.raises(ERRORS[kind][1]) as caught:
            call()
        assert isinstance(caught.value, UploadError)
    with pytest.raises(ERRORS[kind][1]):
        validate(file, limits(**config))


def test_what_an_excel_file_unpacks_to_is_bounded(tmp_path: Path):
    file = write(tmp_path, "xlsx", ROWS)

    with pytest.raises(ExcelSecurityError):
        load_excel_metadata(file, ExcelSecurityConfig(max_memory_usage_mb=0.0001))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_can_not_be_used_are_named(kind: str, tmp_path: Path):
    load, _, limits, _ = KINDS[kind]
    file = write(tmp_path, kind, [*ROWS, ["a.png", "south", 1], ["c.png", "x" * 20, 2]])

    with pytest.raises(ERRORS[kind][0]) as caught:
        load(file, limits(max_metadata_value_length=10))

    assert "2 of the rows of meta." in caught.value.message
    assert "c.png (row 5: place: more than 10 letters)" in caught.value.message
    assert "a.png (it is there more than once)" in caught.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_table_is_told(kind: str, tmp_path: Path):
    load, validate, limits, _ = KINDS[kind]
    file = tmp_path / f"meta.{kind}"
    file.write_bytes(b"\xff\xfe\x00binary")

    for call in (load, validate):
        with pytest.raises(ERRORS[kind][0]):
            call(file)
        with pytest.raises(ERRORS[kind][0], match="can not be read"):
            call(tmp_path / f"gone.{kind}")
    with pytest.raises(ValidationError):
        limits(max_row=3)


def test_paths_are_written_into_json():
    assert json.dumps({"at": Path("a/b")}, cls=PathAwareJSONEncoder) == '{"at": "a/b"}'
    with pytest.raises(TypeError, match="set is nothing that JSON has"):
        json.dumps({1}, cls=PathAwareJSONEncoder)


def test_a_value_may_be_as_long_as_the_limits_say(tmp_path: Path):
    long = "y" * 200_000  # beyond what Python's reader takes by itself
    file = write(tmp_path, "csv", [["filename", "text"], ["a.png", long]])

    assert load_csv_metadata(file, CsvSecurityConfig(max_metadata_value_length=200_000)) == {
        "a.png": {"text": long}
    }
    with pytest.raises(CsvParsingError, match=r"a\.png \(row 2: "):
        load_csv_metadata(file)
