"""Params as people write them: JSON, a file, or single values typed by their field."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    field_validator,
    model_validator,
)

from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.errors import ExecutionError, ParamsError, ValidationError
from synapse_sdk.plugins.params import apply_assignments, parse_assignment, parse_params, validate_params

# --params


def test_a_json_object_is_read():
    assert parse_params('{"epochs": 5, "names": ["a"]}') == {"epochs": 5, "names": ["a"]}


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("{'epochs': 5}", "Expecting property name enclosed in double quotes at line 1, column 2", 1),
        ('{"epochs": 5,\n "lr": .5}', "Expecting value at line 2, column 8", 21),
        ("epochs=5", "Expecting value at line 1, column 1", 0),
        ("", "Expecting value at line 1, column 1", 0),
        ('{"a": 1} {"b": 2}', "Extra data at line 1, column 10", 9),
    ],
)
def test_what_is_no_json_is_told_with_its_position_and_the_quoting_that_works(
    text: str, message: str, position: int
):
    with pytest.raises(ValidationError) as caught:
        parse_params(text)

    assert caught.value.message.startswith(f"--params is not JSON: {message}, near ")
    assert caught.value.details["position"] == position
    assert """--params '{"epochs": 5}'""" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "kind"), [("[1]", "list"), ("5", "int"), ('"a"', "str"), ("null", "NoneType")]
)
def test_json_that_is_no_object_is_refused(text: str, kind: str):
    with pytest.raises(ValidationError, match=f"must be a JSON object, not a {kind}"):
        parse_params(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' + "1" * 5_000 + "}"], ids=["brackets", "digits"])
def test_json_that_breaks_the_parser_is_refused(text: str):
    with pytest.raises(ValidationError, match="can not be read as JSON"):
        parse_params(text)


@given(st.text(max_size=30))
def test_any_text_is_an_object_or_a_validation_error(text: str):
    try:
        assert isinstance(parse_params(text.removeprefix("@")), dict)
    except ValidationError as error:
        assert error.message.startswith("--params")  # noqa: PT017 - both endings are good


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_a_file_is_read(tmp_path: Path, head: bytes):
    (tmp_path / "params.json").write_bytes(head + '{"name": "한글"}'.encode())

    assert parse_params("@params.json", folder=tmp_path) == {"name": "한글"}
    assert parse_params(f"@{tmp_path}/params.json") == {"name": "한글"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the file can not be read: No such file or directory"),
        (b"\xff", "the file can not be read: 'utf-8' codec"),
        (b"{'a': 1}", "is not JSON"),
        (b"[1]", "must be a JSON object"),
    ],
)
def test_a_file_that_does_not_do_is_named(tmp_path: Path, content: bytes | None, message: str):
    if content is not None:
        (tmp_path / "params.json").write_bytes(content)

    with pytest.raises(ValidationError, match=message) as caught:
        parse_params("@params.json", folder=tmp_path)

    assert str(tmp_path / "params.json") in caught.value.message


# --set


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("epochs=5", ("epochs", "5")),
        ("text=a=b", ("text", "a=b")),
        ("text=", ("text", "")),
        (" a.b = c", ("a.b", " c")),
    ],
)
def test_an_assignment_is_split_at_its_first_equals_sign(text: str, pair: tuple[str, str]):
    assert parse_assignment(text) == pair


def test_the_name_of_a_file_without_the_sign_for_it_is_told_how_it_is_read(tmp_path: Path):
    (tmp_path / "p.json").write_text("{}")

    with pytest.raises(ValidationError) as caught:
        parse_params("p.json", folder=tmp_path)

    assert caught.value.hint == "To read the file of that name: --params @p.json"


@pytest.mark.parametrize("text", ["x" * 5000, "p\0.json"])
def test_what_can_be_no_files_name_is_told_as_json_is(tmp_path: Path, text: str):
    with pytest.raises(ValidationError) as caught:
        parse_params(text, folder=tmp_path)

    assert str(caught.value.hint).startswith("Quote the whole value")


@pytest.mark.parametrize("text", ["epochs", "", "=5", " =5"])
def test_what_is_no_assignment_is_refused(text: str):
    with pytest.raises(ValidationError, match="not of the form name=value"):
        parse_assignment(text)


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    ONE = 1


class Optimizer(BaseModel):
    lr: float = 0.1
    name: str = "sgd"


class Params(BaseModel):
    count: int = 1
    rate: float = 1.0
    flag: bool = False
    text: str = ""
    maybe_count: int | None = None
    maybe_text: str | None = None
    positive: Annotated[int, Field(gt=0)] = 1
    word: Literal["a", 5] = "a"
    colour: Colour = Colour.RED
    size: Size = Size.ONE
    counts: list[int] = []
    texts: list[str] = []
    optimizer: Optimizer = Optimizer()
    maybe_optimizer: Optimizer | None = None
    labels: dict[str, str] = {}
    free: dict[str, Any] = {}
    anything: Any = None
    path: Path = Path()
    renamed: str = Field("", alias="re-named")
    either: str = Field("", validation_alias=AliasChoices("old_either", "new.either"))


class Train(BaseAction[Params]):
    def execute(self) -> None: ...


def set_params(
    *texts: str, action: type[BaseAction[Any]] = Train, given: dict[str, Any] | None = None
) -> Any:
    pairs = [parse_assignment(text) for text in texts]
    params = apply_assignments(action.params_model, given or {}, pairs)
    return validate_params(action, params, refuses_unknown=True)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("count=5", "count", 5),
        ("rate=1e-3", "rate", 0.001),
        ("rate=2", "rate", 2.0),
        ("flag=true", "flag", True),
        ("flag=no", "flag", False),
        ("text=5", "text", "5"),
        ("text=true", "text", "true"),
        ("text=null", "text", "null"),
        ("text=", "text", ""),
        ("maybe_count=5", "maybe_count", 5),
        ("maybe_count=null", "maybe_count", None),
        ("maybe_text=5", "maybe_text", "5"),
        ("word=5", "word", 5),
        ("word=a", "word", "a"),
        ("colour=red", "colour", Colour.RED),
        ("size=1", "size", Size.ONE),
        ("counts=[1, 2]", "counts", [1, 2]),
        ('texts=["1", "b"]', "texts", ["1", "b"]),
        ("optimizer.lr=0.5", "optimizer", Optimizer(lr=0.5)),
        ("optimizer.name=5", "optimizer", Optimizer(name="5")),
        ("maybe_optimizer.name=5", "maybe_optimizer", Optimizer(name="5")),
        ('optimizer={"lr": 2}', "optimizer", Optimizer(lr=2)),
        ("labels.a=5", "labels", {"a": "5"}),
        ("free.a.b=5", "free", {"a": {"b": 5}}),
        ("free.a=x", "free", {"a": "x"}),
        ("anything=5", "anything", 5),
        ("path=5", "path", Path("5")),
        ("re-named=5", "renamed", "5"),
        ("old_either=5", "either", "5"),
        ("new.either=5", "either", "5"),
    ],
)
def test_a_single_value_is_read_as_its_field_wants_it(text: str, field: str, value: object):
    assert getattr(set_params(text), field) == value


def test_assignments_lie_over_the_params_and_later_ones_win():
    given = {"optimizer": {"lr": 0.5}, "count": 1}

    params = set_params("optimizer.name=adam", "count=2", "count=3", given=given)

    assert params.optimizer == Optimizer(lr=0.5, name="adam")
    assert params.count == 3
    assert given == {"optimizer": {"lr": 0.5}, "count": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("count=many", ("count: Input should be a valid integer, unable to parse string as an integer "
         "(given: 'many')")),
        ("positive=0", "positive: Input should be greater than 0 (given: 0)"),
        ("counts=1,2", "counts: Input should be a valid list (given: '1,2'); as a list: [1, 2]"),
        ("count.x=5", "count: Input should be a valid integer (given: a mapping with x)"),
        ("texts=cat", "texts: Input should be a valid list (given: 'cat'); as a list: [\"cat\"]"),
        ("counts=3", "counts: Input should be a valid list (given: 3); as a list: [3]"),
        ("cuont=5", "cuont: there is no such param; did you mean count?"),
        ("renamed=5", "renamed: there is no such param; did you mean re-named?"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_told_with_its_rule(text: str, message: str):
    with pytest.raises(ParamsError) as caught:
        set_params(text)

    assert caught.value.message == f"The params of Train do not fit: {message}"
    assert (caught.value.hint or "").startswith("Train takes: anything, colour, count, ")


@pytest.mark.parametrize("given", [3, [1], "text"])
def test_dots_into_what_has_no_fields_are_refused(given: object):
    with pytest.raises(ValidationError, match="which has no fields"):
        set_params("count.x=5", given={"count": given})


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    count: int = 1
    rate: float = 1.0
    flag: bool = False
    text: str = ""
    inner: Optimizer = Optimizer()


class StrictAction(BaseAction[Strict]):
    def execute(self) -> None: ...


def test_strict_models_take_single_values_too():
    params = set_params("count=5", "rate=2", "flag=true", "text=5", "inner.lr=3", action=StrictAction)

    assert params == Strict(count=5, rate=2, flag=True, text="5", inner=Optimizer(lr=3))


# Validation


def test_every_field_is_told_at_once_with_its_value_and_its_rule():
    with pytest.raises(ParamsError) as caught:
        validate_params(
            Train,
            {"count": "x", "rate": [], "optimizer": {"lr": "y"}, "cuont": 1},
            action="train",
            refuses_unknown=True,
        )

    assert [item["field"] for item in caught.value.details["problems"]] == [
        "count",
        "rate",
        "optimizer.lr",
        "cuont",
    ]
    assert caught.value.message.splitlines()[0] == "The params of train do not fit:"
    assert len(caught.value.message.splitlines()) == 5


class Lenient(BaseModel):
    lr: float = 0.1

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, given: Any) -> Any:
        return {"lr": given["learning_rate"]} if "learning_rate" in given else given


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Nested(BaseModel):
    items: list[Optimizer] = []
    named: dict[str, Optimizer] = {}
    pair: tuple[int, Optimizer] | None = None
    either: Optimizer | Params | None = None
    aliased: Optimizer | None = Field(None, alias="ali-ased")
    any_mapping: Optimizer | dict[str, Any] | None = None
    lenient: Lenient = Lenient()
    early: Lenient = Lenient()
    open: Open = Open()
    root: RootModel[dict[str, int]] | None = None

    @field_validator("early", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return {"lr": given["rate"]} if "rate" in given else given


class NestedAction(BaseAction[Nested]):
    def execute(self) -> None: ...


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"items": [{}, {"nmae": "x"}]}, "items.1.nmae: there is no such param; did you mean items.1.name?"),
        ({"named": {"a": {"zzz": 1}}}, "named.a.zzz: there is no such param"),
        ({"pair": [1, {"nmae": 1}]}, "pair.1.nmae: there is no such param; did you mean pair.1.name?"),
        ({"either": {"zzz": 1}}, "either.zzz: there is no such param"),
        ({"ali-ased": {"zzz": 1}}, "ali-ased.zzz: there is no such param"),
    ],
)
def test_a_name_that_a_model_inside_does_not_have_is_refused(given: dict[str, Any], problem: str):
    with pytest.raises(ParamsError) as caught:
        validate_params(NestedAction, given, action="nest", refuses_unknown=True)

    assert caught.value.message == f"The params of nest do not fit: {problem}"


@pytest.mark.parametrize(
    "given",
    [
        {"any_mapping": {"zzz": 1}},
        {"lenient": {"learning_rate": 1}},
        {"early": {"rate": 1}},
        {"open": {"zzz": 1}},
        {"root": {"zzz": 1}},
        {"either": {"count": 2}},
    ],
)
def test_names_that_something_inside_takes_are_not_refused(given: dict[str, Any]):
    checked = validate_params(NestedAction, given, refuses_unknown=True)

    assert checked == Nested.model_validate(given)


def test_params_that_do_not_fit_are_both_dialects_errors_with_pydantics_as_the_cause():
    with pytest.raises(ParamsError) as caught:
        validate_params(Train, {"count": "x"})

    assert isinstance(caught.value, ValidationError)
    assert isinstance(caught.value, ExecutionError)
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)


def test_a_missing_param_is_told_without_a_value():
    class Needs(BaseModel):
        dataset: int

    class Action(BaseAction[Needs]):
        def execute(self) -> None: ...

    with pytest.raises(ParamsError, match=r"do not fit: dataset: Field required$"):
        validate_params(Action, {})


def test_a_program_may_pass_names_that_the_model_ignores():
    assert validate_params(Train, {"unknown": 1}) == Params()


def test_a_model_that_takes_anything_takes_anything():
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    class Action(BaseAction[Open]):
        def execute(self) -> None: ...

    assert validate_params(Action, {"new": 1}, refuses_unknown=True).model_extra == {"new": 1}


def test_a_model_that_forbids_others_says_so_once():
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")

    class Action(BaseAction[Closed]):
        def execute(self) -> None: ...

    with pytest.raises(ParamsError) as caught:
        validate_params(Action, {"new": 1}, refuses_unknown=True)

    assert caught.value.details["problems"] == [
        {"field": "new", "loc": ["new"], "problem": "there is no such param"}
    ]


def test_an_instance_stays_itself_and_no_model_means_no_check():
    params = Params(count=3)

    class Bare(BaseAction):  # type: ignore[type-arg]
        def execute(self) -> None: ...

    assert validate_params(Train, params) is params
    assert validate_params(Bare, {"any": "thing"}) == {"any": "thing"}


def test_validators_are_handed_the_client():
    class Asks(BaseModel):
        x: int = 0

        @model_validator(mode="before")
        @classmethod
        def ask(cls, data: Any, info: pydantic.ValidationInfo) -> Any:
            return {"x": info.context["client"]} if info.context else data

    class Action(BaseAction[Asks]):
        def execute(self) -> None: ...

    assert validate_params(Action, {}, client=7).x == 7


# Secrets


class Login(BaseModel):
    auth: SecretStr = Field(SecretStr(""), max_length=3)
    access_token: int = 0
    maybe: SecretStr | None = None


class Secretive(BaseModel):
    login: Login = Login()
    logins: list[Login] = []
    api_key: int = 0
    kind: str = ""

    @model_validator(mode="after")
    def check(self) -> Secretive:
        if self.kind == "wrong":
            raise ValueError("kind does not go with the login")
        return self


class SecretAction(BaseAction[Secretive]):
    def execute(self) -> None: ...


@pytest.mark.parametrize(
    "given",
    [
        {"login": {"auth": "hush-hush"}},
        {"login": {"access_token": "hush-hush"}},
        {"login": {"maybe": ["hush-hush"]}},
        {"logins": [{"auth": "hush-hush"}]},
        {"logins": {"auth": "hush-hush"}},
        {"api_key": "hush-hush"},
        {"kind": "wrong", "login": {"auth": "abc", "access_token": 1}, "api_key": 1, "hush": "hush-hush"},
        {"kind": ["x", {"token": "hush-hush"}]},
        {"login": [{"auth": "hush-hush"}]},
    ],
)
def test_a_refused_secret_is_not_shown(given: dict[str, Any]):
    with pytest.raises(ParamsError) as caught:
        validate_params(SecretAction, given)

    shown = f"{caught.value.message} {caught.value.details} {caught.value.hint}"
    assert "hush-hush" not in shown
    assert "abc" not in shown
