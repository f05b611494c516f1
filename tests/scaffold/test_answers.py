"""What a new plugin must be told, and what is said to an answer that does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.scaffold import ScaffoldError, build_answers, find_code_problem, suggest_code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("YOLOv8 Object Detection", "yolov8-object-detection"),
        ("  My   Plugin!  ", "my-plugin"),
        ("Modèle d'été", "modele-d-ete"),
        ("under_score", "under-score"),
        ("$HOME/`ls`\\x", "home-ls-x"),
        ("검사 2", "2"),
        ("검사", None),
        ("--", None),
    ],
)
def test_a_name_suggests_a_code(name: str, code: str | None):
    assert suggest_code(name) == code


def test_a_long_name_is_cut_between_two_words():
    code = suggest_code("detect " * 20)

    assert code == "detect-detect-detect-detect-detect-detect-detect"


@given(st.text())
def test_every_suggestion_is_a_code(name: str):
    code = suggest_code(name)

    assert code is None or find_code_problem(code) is None


def test_answers_that_fit_decide_the_folder():
    answers = build_answers("  YOLOv8 ", "yolov8", "neural_net")

    assert (answers.name, answers.category) == ("YOLOv8", PluginCategory.NEURAL_NET)
    assert answers.folder_name == "synapse-yolov8-plugin"


def test_all_answers_that_do_not_fit_are_named_together():
    with pytest.raises(ScaffoldError) as refused:
        build_answers(" ", "My Code", "neuralnet")

    assert set(refused.value.details["problems"]) == {"name", "code", "category"}
    assert "name is empty" in refused.value.message
    assert "code is 'My Code', and must be lowercase letters, digits" in refused.value.message
    assert "the closest is my-code" in refused.value.message
    assert "category is 'neuralnet', and must be one of neural_net, export, upload" in refused.value.message
    assert "did you mean neural_net?" in refused.value.message


@pytest.mark.parametrize("code", ["", "-a", "a-", "a b", "Ünï", "../up", "a/b", "a\n", "x" * 101])
def test_a_code_that_could_not_be_a_folder_is_refused(code: str):
    with pytest.raises(ScaffoldError, match="code"):
        build_answers("A name", code, "custom")


@pytest.mark.parametrize(
    "name", ["two\nlines", "a\ttab", "bell\a", "line\u2028separator", "x" * 201, "\udcff"]
)
def test_a_name_that_is_no_line_of_text_is_refused(name: str):
    with pytest.raises(ScaffoldError, match="name"):
        build_answers(name, "code", "custom")


@pytest.mark.parametrize("category", ["Neural_Net", "neural-net", "", "everything"])
def test_a_category_is_taken_as_it_is_written(category: str):
    with pytest.raises(ScaffoldError, match="must be one of neural_net, export, upload, smart_tool"):
        build_answers("A name", "code", category)
