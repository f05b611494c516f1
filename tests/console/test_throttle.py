"""Guessing passwords gets slower, other people do not."""

from __future__ import annotations

import pytest

from synapse_sdk.console.errors import TooManyTriesError
from synapse_sdk.console.throttle import NAMES_MAX, WAIT_MAX_S, Throttle


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def waits(throttle: Throttle, name: str) -> float:
    try:
        throttle.require_patience(name)
    except TooManyTriesError as error:
        return error.details["wait_s"]
    return 0.0


def test_each_wrong_try_makes_the_next_wait_longer_up_to_a_bound():
    clock = Clock()
    throttle = Throttle(clock=clock)
    found = []
    for _ in range(12):
        throttle.record_failure("kim")
        found.append(waits(throttle, "kim"))
        clock.now_s += found[-1]
    assert found[:6] == [0, 0, 1, 2, 4, 8]
    assert found[-1] == WAIT_MAX_S


def test_waiting_is_enough():
    clock = Clock()
    throttle = Throttle(clock=clock)
    for _ in range(4):
        throttle.record_failure("kim")
    with pytest.raises(TooManyTriesError):
        throttle.require_patience("kim")
    clock.now_s = 2.1
    throttle.require_patience("kim")


def test_the_right_password_and_other_names_are_free():
    throttle = Throttle(clock=Clock())
    for _ in range(5):
        throttle.record_failure("kim")
    throttle.require_patience("lee")
    throttle.clear("kim")
    throttle.require_patience("kim")


def test_made_up_names_do_not_fill_the_memory():
    throttle = Throttle(clock=Clock())
    for number in range(NAMES_MAX + 50):
        throttle.record_failure(f"name{number}")
    assert len(throttle._tries) == NAMES_MAX
