"""`synapse_sdk.exceptions` against the interface sheet `core.md` §5.5."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest

from synapse_sdk import exceptions
from synapse_sdk._internal.errors import NotAdmittedError, NotReachableError
from synapse_sdk.cli.rim import ExitCode, exit_code_of
from synapse_sdk.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClientError,
    GpuUnavailableError,
    HTTPError,
    raise_for_status,
)

#: Name: parent, parameters by position, the status of one made with nothing but a detail.
SHEET = {
    "ClientError": ("Exception", "status_code detail", None),
    "HTTPError": ("ClientError", "status_code detail", 409),
    "AuthenticationError": ("HTTPError", "detail", 401),
    "AuthorizationError": ("HTTPError", "detail", 403),
    "NotFoundError": ("HTTPError", "detail", 404),
    "RateLimitError": ("HTTPError", "detail", 429),
    "ValidationError": ("HTTPError", "status_code detail", 400),
    "ServerError": ("HTTPError", "status_code detail", 500),
    "GpuUnavailableError": ("HTTPError", "detail", 503),
    "ClientTimeoutError": ("ClientError", "detail", 408),
    "ClientConnectionError": ("ClientError", "detail", None),
    "ClientResponseIncompleteError": ("ClientConnectionError", "detail", None),
    "StreamError": ("ClientError", "status_code detail", None),
    "StreamLimitExceededError": ("StreamError", "status_code detail", None),
    "WebSocketError": ("StreamError", "status_code detail", None),
}


def make(name: str) -> ClientError:
    kind = getattr(exceptions, name)
    error = kind(409, detail="too late") if name == "HTTPError" else kind(detail="too late")
    assert isinstance(error, ClientError)
    return error


def nearest_parent(kind: type) -> str:
    return next(other.__name__ for other in kind.__mro__[1:] if other.__name__ in {*SHEET, "Exception"})


def test_the_door_has_every_name_of_the_sheet_and_no_other():
    assert set(exceptions.__all__) == {*SHEET, "raise_for_status"}


@pytest.mark.parametrize("name", SHEET)
def test_each_has_its_parent_constructor_and_status(name: str):
    parent, parameters, status = SHEET[name]
    kind = getattr(exceptions, name)
    signature = inspect.signature(kind)
    by_position = [
        key for key, value in signature.parameters.items() if value.kind is value.POSITIONAL_OR_KEYWORD
    ]

    assert nearest_parent(kind) == parent
    assert by_position == parameters.split()
    assert make(name).status_code == status
    assert make(name).detail == "too late"
    assert str(make(name)) == ("too late" if status is None else f"{status}: too late")


@pytest.mark.parametrize("name", SHEET)
def test_each_survives_pickling(name: str):
    again = pickle.loads(pickle.dumps(make(name)))

    assert type(again) is type(make(name))
    assert (again.status_code, again.detail, again.details) == (
        make(name).status_code,
        "too late",
        make(name).details,
    )


def test_what_is_not_known_is_not_said():
    assert str(ClientError()) == ""
    assert str(ClientError(404)) == "404"
    assert ClientError(404).message == "The server answered 404."
    assert make("ServerError").message == "too late"


def test_a_server_without_gpu_says_what_it_has():
    error = GpuUnavailableError({"message": "No GPU is free.", "free": 0})

    assert error.message == "No GPU is free."
    assert error.error_details == {"message": "No GPU is free.", "free": 0}
    assert GpuUnavailableError("busy").error_details == {}


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationError"),
        (422, "ValidationError"),
        (401, "AuthenticationError"),
        (403, "AuthorizationError"),
        (404, "NotFoundError"),
        (429, "RateLimitError"),
        (408, "HTTPError"),
        (409, "HTTPError"),
        (500, "ServerError"),
        (503, "ServerError"),
    ],
)
def test_a_status_has_its_error(status: int, name: str):
    with pytest.raises(HTTPError) as caught:
        raise_for_status(status, "no")

    assert type(caught.value).__name__ == name
    assert caught.value.status_code == status
    assert str(caught.value) == f"{status}: no"


@pytest.mark.parametrize("status", [100, 200, 304, 399])
def test_what_is_no_refusal_raises_nothing(status: int):
    raise_for_status(status, "fine")


def test_a_problem_of_several_fields_is_one_sentence():
    detail: Any = [{"loc": ["params", "epochs"], "msg": "too many"}, {"loc": ["name"], "msg": "missing"}]

    assert str(exceptions.ValidationError(422, detail)) == "422: params.epochs: too many; name: missing"


@pytest.mark.parametrize("kind", [AuthenticationError, AuthorizationError])
def test_a_refused_token_is_no_reason_to_wait_but_the_same_exit_code(
    kind: type[AuthenticationError | AuthorizationError],
):
    assert not issubclass(kind, NotReachableError)
    assert issubclass(kind, NotAdmittedError)
    assert exit_code_of(kind("no")) is ExitCode.NOT_REACHED
