"""Where a command speaks: results to stdout, words about them to stderr."""

from __future__ import annotations

import io
import json

import pytest

from synapse_sdk.cli.output import Output


def make_output(*, as_json: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Output(out, err, as_json), out, err


def test_results_go_to_stdout_and_words_to_stderr():
    output, out, err = make_output()

    output.say("Succeeded in 41 s")
    output.fields({"final_loss": 0.412, "model_path": "models/best.pt"})

    assert out.getvalue() == "final_loss  0.412\nmodel_path  models/best.pt\n"
    assert err.getvalue() == "Succeeded in 41 s\n"


def test_an_error_and_a_warning_begin_with_their_word_and_their_hints_line_up():
    output, out, err = make_output()

    output.error("Action not found: trian.", hint="Did you mean 'train'?")
    output.warn("unknown key", hint="Did you mean name?")
    output.error("Plainly wrong.")

    assert err.getvalue().splitlines() == [
        "error: Action not found: trian.",
        "hint:  Did you mean 'train'?",
        "warning: unknown key",
        "hint:    Did you mean name?",
        "error: Plainly wrong.",
    ]
    assert out.getvalue() == ""


def test_fields_are_a_document_for_a_program():
    output, out, _ = make_output(as_json=True)

    output.fields({"name": "한국어", "loss": 0.5})

    assert out.getvalue() == '{"name": "한국어", "loss": 0.5}\n'


def test_a_document_is_json_and_nothing_that_only_python_reads():
    output, _, _ = make_output(as_json=True)

    with pytest.raises(ValueError, match="Out of range float values"):
        output.document({"loss": float("nan")})


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "euc-kr"])
def test_a_document_survives_any_encoding_of_the_stream(encoding: str):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace", write_through=True)
    data = {"name": "한국어 café · …", "file": "caf\udce9.png"}

    Output(stream, io.StringIO(), as_json=True).document(data)

    assert isinstance(stream.buffer, io.BytesIO)
    assert json.loads(stream.buffer.getvalue().decode(encoding)) == data


def test_a_table_lines_up_and_puts_numbers_to_the_right():
    output, out, _ = make_output()

    output.table(["run", "action", "took"], [(9, "train", "1 s"), (10, "inference", "12 s")])

    assert out.getvalue().splitlines() == [
        "run  action     took",
        "  9  train      1 s",
        " 10  inference  12 s",
    ]


def test_an_empty_table_still_says_what_its_columns_are():
    output, out, _ = make_output()

    output.table(["run", "action"], [])

    assert out.getvalue() == "run  action\n"


def test_lines_of_a_table_have_no_blanks_at_their_end():
    output, out, _ = make_output()

    output.table(["a", "b"], [("x", ""), ("long", "")])

    assert all(line == line.rstrip() for line in out.getvalue().splitlines())


def test_colour_is_for_terminals():
    output, _, _ = make_output()

    assert output.style("Failed", fg="red", bold=True) == "Failed"
