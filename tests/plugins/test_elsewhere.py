"""Small things that plugins from elsewhere import: params of a training, checksums, requirements."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydantic
import pytest

from synapse_sdk.plugins.actions.train import BaseTrainParams
from synapse_sdk.plugins.enums import ACTION_DEFAULT_METHODS
from synapse_sdk.plugins.errors import ValidationError
from synapse_sdk.utils.datetime import utcnow, utcnow_iso
from synapse_sdk.utils.file import (
    calculate_checksum,
    calculate_checksum_from_bytes,
    calculate_checksum_from_file_object,
    read_requirements,
    verify_checksum,
)
from synapse_sdk.utils.validation import validate_params
from synapse_sdk.utils.validators import non_blank


class TestBaseTrainParams:
    class Params(BaseTrainParams):
        epochs: int = 1
        rate: float = 0.5

    def test_first_hyperparameters_are_params(self):
        params = self.Params.model_validate(
            {"dataset": 3, "hyperparameters": [{"epochs": 5, "depth": 2}, {"epochs": 9}]}
        )

        assert (params.epochs, params.rate, params.dataset) == (5, 0.5, 3)
        assert params.model_extra == {"depth": 2}

    def test_what_is_given_beside_them_wins(self):
        params = self.Params.model_validate({"dataset": 3, "epochs": 7, "hyperparameters": [{"epochs": 5}]})

        assert params.epochs == 7

    def test_ranges_of_a_search_are_no_values(self):
        space = [{"name": "epochs", "type": "randint"}]

        params = self.Params.model_validate({"dataset": 3, "is_tune": True, "hyperparameters": space})

        assert (params.epochs, params.hyperparameters, params.model_extra) == (1, space, {})

    @pytest.mark.parametrize("hyperparameters", [None, [], "a", [3]])
    def test_what_is_no_list_of_values_is_left_to_the_field(self, hyperparameters: object):
        given = {"dataset": 3, "hyperparameters": hyperparameters}
        if hyperparameters in (None, []):
            assert self.Params.model_validate(given).epochs == 1
        else:
            with pytest.raises(pydantic.ValidationError, match="hyperparameters"):
                self.Params.model_validate(given)

    def test_a_dataset_is_required(self):
        with pytest.raises(pydantic.ValidationError, match="dataset"):
            self.Params.model_validate({"epochs": 3})


class TestChecksum:
    DATA = b"abc" * 700_000

    @pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
    def test_of_files_bytes_and_what_is_open(self, tmp_path: Path, algorithm):
        (tmp_path / "file").write_bytes(self.DATA)
        digits = hashlib.new(algorithm, self.DATA).hexdigest()

        assert calculate_checksum(tmp_path / "file", algorithm) == digits
        assert calculate_checksum(str(tmp_path / "file"), algorithm, prefix="v1") == f"v1-{digits}"
        assert calculate_checksum_from_bytes(self.DATA, algorithm) == digits
        assert calculate_checksum_from_file_object(io.BytesIO(self.DATA), algorithm, chunk_size=7) == digits
        assert verify_checksum(tmp_path / "file", digits.upper())
        assert verify_checksum(tmp_path / "file", f"v1-{digits}", algorithm)
        assert not verify_checksum(
            tmp_path / "file", digits.replace(digits[0], "0" if digits[0] != "0" else "1")
        )

    def test_what_is_no_checksum_is_said_to_be(self, tmp_path: Path):
        (tmp_path / "file").write_bytes(b"")

        with pytest.raises(ValueError, match=r"'abc' is no checksum: 3 digits"):
            verify_checksum(tmp_path / "file", "abc")


def test_requirements_are_lines_without_comments(tmp_path: Path):
    file = tmp_path / "requirements.txt"
    file.write_text(
        "\ufefftorch==2.1  # the CPU one\n\n# none\n"
        "numpy \\\n  >=1\t# a tab before it\ngit+https://host/x#egg=x\n",
        "utf-8",
    )

    found = read_requirements(file)

    assert [line.split() for line in found or []] == [
        ["torch==2.1"],
        ["numpy", ">=1"],
        ["git+https://host/x#egg=x"],
    ]
    assert read_requirements(tmp_path / "absent.txt") is None


def test_values_that_do_not_fit_are_told_by_field():
    class Model(pydantic.BaseModel):
        sizes: list[int]

    assert validate_params(Model, {"sizes": [1]}).sizes == [1]
    with pytest.raises(
        ValidationError, match=r"^step one: the values do not fit: sizes\.1: Input should be"
    ) as caught:
        validate_params(Model, {"sizes": [1, "b"]}, context="step one")
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)
    assert caught.value.details["problems"][0]["field"] == "sizes.1"


def test_a_blank_text_is_refused():
    assert non_blank(" a ") == " a "
    with pytest.raises(ValueError, match="blank"):
        non_blank(" \t\n")


def test_this_moment_is_aware():
    assert abs(datetime.now(UTC) - utcnow()) < timedelta(minutes=1)
    assert datetime.fromisoformat(utcnow_iso()).tzinfo is not None


def test_actions_have_their_usual_methods():
    assert ACTION_DEFAULT_METHODS["train"] == "job"
    assert ACTION_DEFAULT_METHODS["inference"] == "serve"
    assert ACTION_DEFAULT_METHODS["auto_label"] == "task"
