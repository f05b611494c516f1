"""Every operation of the served OpenAPI, asked with odd and with almost good requests, by everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from tests.fuzz.stocked_server import StockedServer

#: Requests of one caller for one operation. Five callers and some seventy operations share three minutes.
EXAMPLES = {"owner": 70, "viewer": 22, "job": 35, "agent": 35, "nobody": 13}
SEED = 20261201
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Asked last: they end what the others ask about.
LAST = ("/stop/", "/exit/", "/heartbeat/", "/tokens/{token_id}/")
#: Streams of a job that runs end with it.
STREAMS = ("/stream/", "/tail_console_logs/")


@schemathesis.serializer("application/x-ndjson", "application/vnd.synapse.pack")
def _as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockedServer]:
    with StockedServer.open(tmp_path_factory.mktemp("fuzz")) as server:
        yield server


@pytest.mark.parametrize("caller", EXAMPLES)
@pytest.mark.timeout(400)
def test_no_request_is_answered_with_a_server_error(stocked: StockedServer, caller: str) -> None:
    token = stocked.tokens[caller]
    # Given with each call, or they would be fuzzed too.
    headers = {} if token is None else {"Synapse-Access-Token": f"Token {token}"}
    schema = schemathesis.openapi.from_url(f"{stocked.process.url}/openapi.json")
    operations = sorted(
        (result.ok() for result in schema.get_all_operations()),
        key=lambda operation: operation.path.endswith(LAST),
    )
    problems = []
    with requests.Session() as session:
        for operation in operations:
            known = stocked.known
            if operation.path.endswith(STREAMS):
                known = known | {"job": [stocked.ended_job]}
            problems += _fuzz(operation, session, headers, known, EXAMPLES[caller])
    assert len(operations) > 60
    assert problems == [], "\n\n".join(problems)
    assert httpx.get(f"{stocked.process.url}/health/").is_success


def _fuzz(
    operation: Any,
    session: requests.Session,
    headers: dict[str, str],
    known: dict[str, list[Any]],
    examples: int,
) -> list[str]:
    """Return what went wrong with an operation: the simplest request that shows it."""

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation, known))
    def ask(case: Case) -> None:
        case.call_and_validate(session=session, headers=headers, checks=_checks_of(case), timeout=10)

    try:
        ask()
    except FailureGroup as error:
        return [f"{operation.method.upper()} {operation.path}: {error}"]
    return []


def _checks_of(case: Case) -> list[Any]:
    """Return what its answer must be; a body that the document rules out must be refused.

    Not so with other parts: parameters that nobody knows are let be, as the vendor's clients send some.
    """
    body = case.meta.components.get(ParameterLocation.BODY)
    is_odd = (
        body is not None and body.mode is GenerationMode.NEGATIVE and case.media_type == "application/json"
    )
    return [*CHECKS, negative_data_rejection] if is_odd else CHECKS


@st.composite
def _cases(draw: st.DrawFn, operation: Any, known: dict[str, list[Any]]) -> Case:
    """Make requests: some against the document, most in its sense and about rows that are there."""
    case = draw(
        st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )
    is_in_its_sense = case.meta.generation.mode is GenerationMode.POSITIVE
    if is_in_its_sense and draw(st.integers(0, 3)):
        in_body = ODD_IN_JSON if case.media_type == "application/json" else ODD
        for container, odd in ((case.path_parameters, ODD), (case.query, ODD), (case.body, in_body)):
            _name_real_rows(draw, container, known, odd)
    if isinstance(case.body, dict) and "wait_s" in case.body:
        case.body["wait_s"] = 0  # three minutes are better spent than by waiting for work
    return case


def _name_real_rows(draw: st.DrawFn, value: Any, known: dict[str, list[Any]], odd: Sequence[Any]) -> None:
    """Put values in place that are there, and now and then one that has broken servers before."""
    if isinstance(value, list):
        for item in value:
            _name_real_rows(draw, item, known, odd)
    elif isinstance(value, dict):
        for name, item in list(value.items()):
            lot = draw(st.integers(0, 9))
            if lot == 0:
                value[name] = draw(st.sampled_from(odd))
            elif lot < 6 and name in known:
                value[name] = draw(st.sampled_from(known[name]))
            else:
                _name_real_rows(draw, item, known, odd)


def _nest(depth: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


#: Numbers beyond any row, texts that end or climb, and what only JSON can say.
ODD = (10**20, -1, "\x00", "../../x", "x" * 2_000)
ODD_IN_JSON = (*ODD, _nest(300))
