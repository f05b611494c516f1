"""Models read from the source: the same schemas as importing gives, and no code of the author's is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.manifest.folders import write_files

from synapse_sdk.plugins.imported_schemas import describe_models, import_schemas
from synapse_sdk.plugins.literal_models import LiteralModels
from synapse_sdk.plugins.literal_values import NotLiteralError
from synapse_sdk.plugins.source import PluginSource

#: Whoever imports the module is found out.
TRIPWIRE = "raise SystemExit('the module was imported')\n"
HEAD = """\
from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, Optional, TypeVar, Union

import pydantic
from annotated_types import Ge, Len
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr
from pydantic import computed_field, field_validator, model_validator

from synapse_sdk.plugins import BaseAction, BaseTrainAction, BaseUploadAction, TrainResult, action
from synapse_sdk.plugins.actions.dataset import DatasetAction
from synapse_sdk.plugins.enums import MetricsCategory

"""
ACTION = "\nclass Main(BaseAction[P]):\n    def execute(self): ...\n"

LITERAL = {
    "scalars": """
class P(BaseModel):
    '''What it takes.

    More of it.
    '''
    a: int
    b: float = 0.5
    c: str = "text"
    d: bool = True
    e: bytes = b"x"
    f: None = None
    g: Any = None
    h: object = 1
    i: int = -3
""",
    "bounds and words": """
class P(BaseModel):
    a: int = Field(5, ge=1, le=10, multiple_of=1, title="A", description="How " "often")
    b: float = Field(default=1.5, gt=0, lt=2)
    c: str = Field("x", min_length=1, max_length=9, pattern=r"^[a-z]+$", examples=["x", "y"])
    d: list[int] = Field(default_factory=list, min_length=1)
    e: list[str] = Field(default_factory=lambda: compute_names())
    e2: list[int] = Field(default_factory=lambda: [64, 32])
    f: int = Field(1, json_schema_extra={"formkit": "select", "options": [{"label": "A", "value": 1}]})
    g: Annotated[int, Field(ge=3)] = 4
    h: Annotated[float, Ge(0)] = 1
    i: pydantic.PositiveInt = 3
    j: pydantic.conint(ge=2) = 3
    k: int = Field(60 * 60 - 1, description="a " + "sum")
    l: typing.Annotated[list[int], Len(1, 3)] = [1, 2]
""",
    "choices": """
class Kind(str, Enum):
    '''Kinds of it.'''
    A = "a"
    B = "b"

    def __str__(self) -> str:
        return self.value

    @property
    def label(self) -> str:
        return self.value.upper()

class Size(IntEnum):
    SMALL = 1
    LARGE = auto()

class Word(StrEnum):
    YES = auto()
    NO = auto()

class P(BaseModel):
    kind: Kind = Kind.A
    size: Size = Size.LARGE
    word: Word | None = None
    literal: Literal["x", "y", 3, None] = "x"
    category: MetricsCategory = Field(MetricsCategory.TRAIN)
    value: str = Kind.B.value
""",
    "containers and unions": """
class P(BaseModel):
    a: list[int] | None = None
    b: dict[str, float] = {"x": 1.0}
    c: tuple[int, ...] = (1, 2)
    d: set[str] = {"z"}
    e: Optional[int] = None
    f: Union[int, str] = 3
    g: int | str | list[float] = 3
    h: Sequence[int] = ()
    i: dict[str, list[dict[str, int]]] = {}
""",
    "library types": """
class P(BaseModel):
    path: Path = Path("data")
    secret: SecretStr = SecretStr("x")
    url: HttpUrl | None = None
    day: dt.date = dt.date(2026, 1, 2)
    when: dt.datetime | None = None
    wait: dt.timedelta = dt.timedelta(seconds=3)
    price: Decimal = Decimal("1.50")
""",
    "nested and inherited": """
class Base(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    seed: int = 0

class Inner(BaseModel):
    x: int = Field(1, ge=0)
    note: str = Field("", alias="remark")

class P(Base):
    inner: Inner = Inner()
    inners: list[Inner] = []
    named: dict[str, Inner] = {}
    maybe: Inner | None = None
    seed: int = 1
    KINDS: ClassVar[tuple[str, ...]] = ("a",)
    _private: int = 3
""",
    "names of its own": """
Rate = Annotated[float, Field(gt=0, le=1)]
MOST = 100
KINDS = Literal["a", "b"]
SIZE: int = 2 * 32
DEFAULT = {"a": [1, MOST]}

class P(BaseModel):
    rate: Rate = 0.5
    most: int = Field(MOST, le=MOST)
    kind: KINDS = "a"
    size: int = SIZE
    given: dict[str, list[int]] = DEFAULT

DEFAULTS = P(rate=0.1)
""",
    "validators and methods": """
class P(BaseModel):
    a: int = 1
    b: int = Field(2, ge=0)

    @field_validator("a")
    @classmethod
    def check_a(cls, value: int) -> int:
        return undefined_name(value)

    @field_validator("b", mode="before")
    @classmethod
    def read_b(cls, value: object) -> object:
        return value

    @model_validator(mode="after")
    def check(self) -> "P":
        return self

    @property
    def total(self) -> int:
        return self.a + self.b

    def show(self) -> str:
        return str(self.total)
""",
    "a model of the SDK": """
from synapse_sdk.plugins.actions.dataset import DatasetParams

class P(DatasetParams):
    extra: int = 3
""",
}
WHOLE = {
    "a base with a model of its own": ("class Main(DatasetAction):\n    pass\n", ""),
    "a result": (
        (
            "class R(BaseModel):\n    score: float\nclass P(BaseModel):\n    a: int = 1\n"
            "class Main(BaseTrainAction[P]):\n    result_model = R\n    def execute(self): return helper()\n"
        ),
        "",
    ),
    "a result of the SDK": (
        (
            "class P(BaseModel):\n    a: int = 1\n"
            "class Main(BaseUploadAction[P]):\n    action_name = 'main'\n    result_model = TrainResult\n"
            "    def execute(self): ...\n"
        ),
        "",
    ),
    "a middle class": (
        (
            "class P(BaseModel):\n    a: int = 1\n"
            "class Middle(BaseAction[P]):\n    def helper(self): ...\n"
            "class Main(Middle):\n    def execute(self): ...\n"
        ),
        "",
    ),
    "a generic middle class": (
        (
            "T = TypeVar('T', bound=BaseModel)\nclass P(BaseModel):\n    a: int = 1\n"
            "class Middle(BaseAction[T], Generic[T]):\n    def helper(self): ...\n"
            "class Main(Middle[P]):\n    def execute(self): ...\n"
        ),
        "",
    ),
    "a mixin": (
        (
            "class P(BaseModel):\n    a: int = 1\nclass Helper:\n    def helper(self): ...\n"
            "class Main(Helper, BaseAction[P]):\n    def execute(self): ...\n"
        ),
        "",
    ),
    "params in another module": (
        "from .models import Params as P\nclass Main(BaseAction[P]):\n    def execute(self): ...\n",
        "from pydantic import BaseModel\nclass Params(BaseModel):\n    a: int = 1\n",
    ),
    "names that clash": (
        (
            "from . import models\nfrom plugin.models import P as Other\n"
            "class P(BaseModel):\n    other: Other = Other()\n"
            "class Main(BaseAction[P]):\n    def execute(self): ...\n"
        ),
        "from pydantic import BaseModel\nclass P(BaseModel):\n    a: int = 1\n",
    ),
    "params_model": (
        (
            "class P(BaseModel):\n    a: int = 1\n"
            "class Main(BaseAction):\n    params_model = P\n    def execute(self): ...\n"
        ),
        "",
    ),
    "any dict": ("class Main(BaseAction[dict[str, Any]]):\n    def execute(self): ...\n", ""),
    "no brackets": ("class Main(BaseAction):\n    def execute(self): ...\n", ""),
    "a decorated function": (
        (
            "class P(BaseModel):\n    a: int = 1\nclass R(BaseModel):\n    b: int\n"
            "@action(name='main', params=P, result=R)\ndef Main(params, context): ...\n"
        ),
        "",
    ),
    "a decorated function with an annotation": (
        "class P(BaseModel):\n    a: int = 1\n@action('main')\nasync def Main(params: P, ctx): ...\n",
        "",
    ),
    "a decorated function without brackets": ("@action\ndef Main(params, ctx): ...\n", ""),
}


def write(folder: Path, code: str, models: str = "", *, tripwire: bool = True) -> None:
    """Write a plugin whose import ends the process, unless told otherwise."""
    end = f"\nif True:\n    {TRIPWIRE}" if tripwire else ""
    write_files(
        folder,
        {"plugin/__init__.py": "", "plugin/main.py": f"{HEAD}{code}{end}", "plugin/models.py": models},
    )


def read(folder: Path, name: str = "Main") -> dict[str, Any]:
    return describe_models(*LiteralModels(PluginSource(folder)).find(f"plugin.main:{name}"))


def import_(folder: Path) -> dict[str, Any]:
    imported = import_schemas(folder, {"main": "plugin.main:Main"})
    assert imported.problems == {}
    found: dict[str, Any] = imported.schemas["main"]
    return found


@pytest.mark.parametrize("code", LITERAL.values(), ids=LITERAL)
def test_a_literal_model_has_the_schema_that_it_has_when_imported(tmp_path: Path, code: str):
    write(tmp_path / "read", f"{code}{ACTION}")
    write(tmp_path / "imported", f"{code}{ACTION}", tripwire=False)

    found = read(tmp_path / "read")

    assert found["params"]["properties"]
    assert found == import_(tmp_path / "imported")


@pytest.mark.parametrize(("code", "models"), WHOLE.values(), ids=WHOLE)
def test_an_action_names_its_models_as_it_does_when_imported(tmp_path: Path, code: str, models: str):
    write(tmp_path / "read", code, f"{models}{TRIPWIRE if models else ''}")
    write(tmp_path / "imported", code, models, tripwire=False)

    assert read(tmp_path / "read") == import_(tmp_path / "imported")


P = "class P(BaseModel):\n    a: int = 1\n"
NOT_LITERAL = {
    "a default that is worked out": (
        "class P(BaseModel):\n    a: int = len('abc')\n",
        "does not define len",
    ),
    "a default from the environment": (
        "import os\nclass P(BaseModel):\n    a: str = os.environ['HOME']\n",
        "os has to be imported",
    ),
    "a function of its own": ("def f(): ...\nclass P(BaseModel):\n    a: int = f()\n", "f is no constant"),
    "a comprehension": ("class P(BaseModel):\n    a: list[int] = [x for x in (1, 2)]\n", "has to be run"),
    "a lambda that is called": (
        "class P(BaseModel):\n    a: int = Field(1, json_schema_extra=lambda s: s.clear())\n",
        "has to be run",
    ),
    "a formatted text": ("class P(BaseModel):\n    a: str = f'{1}'\n", "has to be run"),
    "a huge number": ("class P(BaseModel):\n    a: int = 10 ** 10 ** 10\n", "has to be worked out"),
    "a huge text": ("class P(BaseModel):\n    a: str = 'x' * 10_000_000_000\n", "has to be worked out"),
    "a decorated model": ("def mark(c): return c\n@mark\n" + P, "P has a decorator"),
    "a metaclass": (
        "class P(BaseModel, metaclass=type(BaseModel)):\n    a: int = 1\n",
        "more than its bases",
    ),
    "a special method": (
        P + "    @classmethod\n    def __get_pydantic_json_schema__(cls, core, handler): return {}\n",
        "may shape the schema",
    ),
    "a schema of its own": (
        P + "    @classmethod\n    def model_json_schema(cls, **options): return {}\n",
        "may shape the schema",
    ),
    "a plain validator": (
        P + "    @field_validator('a', mode='plain')\n    @classmethod\n    def f(cls, v): return v\n",
        "decorator that may shape the schema",
    ),
    "a validator with a type for the schema": (
        P
        + "    @field_validator('a', mode='before', json_schema_input_type=str)\n"
        + "    @classmethod\n    def f(cls, v): return v\n",
        "decorator that may shape the schema",
    ),
    "a computed field": (
        P + "    @computed_field\n    @property\n    def b(self) -> int: return 1\n",
        "decorator that may shape the schema",
    ),
    "a condition": (
        "if dt.date.today().year > 2000:\n    class P(BaseModel):\n        a: int = 1\n",
        "depends on what runs",
    ),
    "two definitions": (P + P.replace("1", "2"), "not bound once"),
    "a star": (f"from .models import *\n{P}", "not bound once"),
    "a global": (P + "def change():\n    global P\n    P = None\n", "not bound once"),
    "a statement in the class": (
        "class P(BaseModel):\n    a: int = 1\n    for b in (1,): pass\n",
        "may do anything",
    ),
    "a model that is handed on": (P + "seen = print(P)\n", "this may change P"),
    "a model that is changed": (P + "P.extra = 3\n", "this may change P"),
    "a model that is told to change": (P + "P.grow()\n", "this may change P"),
    "a type in quotes": ("class P(BaseModel):\n    a: 'int' = 1\n", "a type in quotes"),
    "a model inside itself": ("class P(BaseModel):\n    a: list['P'] = []\n", "a type in quotes"),
    "a default made by a model with validators": (
        (
            "class Q(BaseModel):\n    a: int = 1\n    @field_validator('a', mode='before')\n"
            "    @classmethod\n"
            "    def f(cls, v): return 5\n"
            "class P(BaseModel):\n    q: Q = Q(a=1)\n"
        ),
        "Q(…) has to be run",
    ),
    "descriptions that pydantic reads from the file": (
        "class P(BaseModel):\n    model_config = ConfigDict(use_attribute_docstrings=True)\n    a: int = 1\n",
        "only running it would tell",
    ),
    "a module that is not there": (
        "from nowhere import Base\nclass P(Base):\n    a: int = 1\n",
        "nowhere has to be imported",
    ),
    "a class that is no model": ("class P:\n    a: int = 1\n", "no model and no enum"),
    "private names": ("class P(BaseModel):\n    a: Any = typing.__builtins__\n", "has to be run"),
    "a name that is not there": ("class P(BaseModel):\n    a: Nothing = 1\n", "does not define Nothing"),
    "a definition that is a mistake": (
        "class P(BaseModel):\n    a: int = Field(1, gee=3, le='x' )\n    b: list[3] = 1\n",
        "plugin.main:Main",
    ),
}


@pytest.mark.parametrize(("code", "reason"), NOT_LITERAL.values(), ids=NOT_LITERAL)
def test_what_only_running_it_would_tell_is_not_guessed(tmp_path: Path, code: str, reason: str):
    write(tmp_path, f"{code}{ACTION}")

    with pytest.raises(NotLiteralError) as caught:
        read(tmp_path)

    assert reason in str(caught.value)


ACTIONS = {
    "a decorated class": "def mark(c): return c\n@mark\nclass Main(BaseAction[P]): ...\n",
    "a base that is worked out": "class Main(print(BaseAction[P])): ...\n",
    "a model that is worked out": "class Main(BaseAction):\n    params_model = make(P)\n",
    "a model as a property": "class Main(BaseAction):\n    @property\n    def params_model(self): ...\n",
    "a class that shapes its subclasses": (
        "class Middle(BaseAction[P]):\n    def __init_subclass__(cls): ...\nclass Main(Middle): ...\n"
    ),
    "a statement in the class": "class Main(BaseAction[P]):\n    for x in (): ...\n",
    "a plain function": "def Main(a: int): ...\n",
    "a plain class": "class Main:\n    def execute(self, a: int): ...\n",
    "a function with two decorators": "@staticmethod\n@action\ndef Main(params: P, ctx): ...\n",
    "an annotation in quotes": "@action\ndef Main(params: 'P', ctx): ...\n",
    "a call that makes it": "Main = make(BaseAction)\n",
}


@pytest.mark.parametrize("code", ACTIONS.values(), ids=ACTIONS)
def test_an_action_that_only_running_it_would_tell_is_not_guessed(tmp_path: Path, code: str):
    write(tmp_path, f"{P}{code}")

    with pytest.raises(NotLiteralError):
        read(tmp_path)


def test_a_file_that_has_the_name_of_a_library_is_not_that_library(tmp_path: Path):
    write(tmp_path, P + ACTION)
    write_files(tmp_path, {"pydantic.py": "class BaseModel: ...\n"})

    with pytest.raises(NotLiteralError, match=r"pydantic\.py has the name of a library"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["Absent", "BaseAction"])
def test_a_name_that_the_plugin_does_not_define(tmp_path: Path, name: str):
    write(tmp_path, P + ACTION)

    with pytest.raises(NotLiteralError):
        read(tmp_path, name)


def test_modules_that_import_each_other_end(tmp_path: Path):
    write(tmp_path, "from .models import P\n" + ACTION, "from .main import P\n")

    with pytest.raises(NotLiteralError):
        read(tmp_path)
