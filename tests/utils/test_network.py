"""Addresses, ids and limits, checked before anything is sent."""

from __future__ import annotations

import math

import pytest

from synapse_sdk.exceptions import ClientError
from synapse_sdk.utils.network import (
    StreamLimits,
    http_to_websocket_url,
    sanitize_error_message,
    validate_resource_id,
    validate_timeout,
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://host:8000/jobs/1/logs/?a=http://b", "ws://host:8000/jobs/1/logs/?a=http://b"),
        ("HTTPS://host", "wss://host"),
        ("wss://host/x", "wss://host/x"),
    ],
)
def test_a_websocket_s_address(url: str, expected: str):
    assert http_to_websocket_url(url) == expected


@pytest.mark.parametrize(
    "url", ["", "host/path", "ftp://host", "http://", "http://h:99999", "file:///etc/passwd"]
)
def test_what_is_no_address_is_refused(url: str):
    with pytest.raises(ClientError, match="no address of a stream") as caught:
        http_to_websocket_url(url)

    assert isinstance(caught.value, ValueError)
    assert caught.value.status_code == 400


@pytest.mark.parametrize("given", ["abc-1_2", 7, "x" * 100])
def test_an_id_is_a_text(given: object):
    assert validate_resource_id(given) == str(given)


@pytest.mark.parametrize("given", ["", "../x", "a/b", "a b", "x" * 101, None, True, 1.5, "a\n"])
def test_what_could_lead_elsewhere_is_no_id(given: object):
    with pytest.raises(ClientError, match="is no id of a job"):
        validate_resource_id(given, "job")


def test_a_timeout_is_within_bounds():
    assert validate_timeout(30) == 30.0
    assert validate_timeout(300) == 300.0
    for wrong in (0, -1, 301, math.nan, math.inf, "30", None, True):
        with pytest.raises(ValueError, match="at most 300 seconds"):
            validate_timeout(wrong)


def test_a_message_is_one_line_without_secrets():
    told = sanitize_error_message("it\n failed: token=q7Zt0bX9 " + "x" * 600, "tailing logs")

    assert told.startswith("tailing logs: it failed: token=*** xxx")
    assert len(told) == len("tailing logs: ") + 500
    assert sanitize_error_message("plain") == "plain"


def test_limits_are_numbers_above_zero():
    assert StreamLimits().max_bytes == 52_428_800
    with pytest.raises(ValueError, match="max_lines is 0"):
        StreamLimits(max_lines=0)
