"""The one function that says which state a job has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.jobs.states import (
    END_STATES,
    OFFER_LIMIT,
    STATES,
    AttemptEnding,
    AttemptFacts,
    decide_state,
    judge_exit,
    lost,
    may_move,
)
from synapse_sdk.wire.assignment import ExitRecord
from synapse_sdk.wire.outcome import Failure, RunOutcome

CAUSES = ["action", "environment", "signal", "timeout", "lost", "cancelled", "placement"]
endings = st.builds(
    AttemptEnding,
    state=st.sampled_from(["SUCCEEDED", "FAILED", "STOPPED"]),
    cause=st.sampled_from([None, *CAUSES]),
    reason=st.none() | st.text(max_size=5),
)
attempts = st.lists(
    st.one_of(
        st.builds(
            AttemptFacts,
            phase=st.sampled_from(["offered", "preparing", "running"]),
            ending=st.none(),
            was_only_offered=st.just(False),
        ),
        st.builds(AttemptFacts, phase=st.just("ended"), ending=endings, was_only_offered=st.booleans()),
    ),
    max_size=OFFER_LIMIT + 1,
)


@given(attempts, st.booleans(), st.none() | st.sampled_from(STATES))
def test_the_state_is_that_of_the_last_attempt(known, is_stop_requested, claim):
    decision = decide_state(known, is_stop_requested=is_stop_requested, claim=claim)

    assert decision.state in STATES
    if known and known[-1].phase == "running":
        assert decision.state == "RUNNING"
    if known and known[-1].ending is not None and not known[-1].was_only_offered:
        assert decision == known[-1].ending
    if decision.state in END_STATES and known:
        assert known[-1].phase == "ended"


@given(attempts.filter(bool), st.booleans(), st.sampled_from(STATES))
def test_a_claim_never_counts_beside_an_attempt_of_ours(known, is_stop_requested, claim):
    without = decide_state(known, is_stop_requested=is_stop_requested)
    assert decide_state(known, is_stop_requested=is_stop_requested, claim=claim) == without


@given(st.sampled_from(STATES), st.sampled_from([None, *CAUSES]), st.lists(st.sampled_from(STATES)))
def test_an_ended_job_stays_as_it_ended_unless_it_was_only_lost(state, cause, wishes):
    for wish in wishes:
        if not may_move(state, cause, wish):
            continue
        assert state not in END_STATES or (state == "FAILED" and cause == "lost")
        assert wish != "PENDING"
        state, cause = wish, None
        if state in END_STATES:
            break
    if state in END_STATES and cause != "lost":
        assert not any(may_move(state, cause, other) for other in STATES)


def test_what_nobody_confirmed_is_handed_out_again_but_not_for_ever():
    unconfirmed = AttemptFacts("ended", lost("nobody"), was_only_offered=True)

    assert decide_state([unconfirmed], is_stop_requested=False).state == "PENDING"
    assert decide_state([unconfirmed], is_stop_requested=True).state == "STOPPED"
    assert decide_state([unconfirmed] * OFFER_LIMIT, is_stop_requested=False).cause == "lost"


@pytest.mark.parametrize(
    ("record", "outcome", "is_stopped", "state", "cause", "words"),
    [
        ({"exit_code": 0}, {"state": "SUCCEEDED"}, False, "SUCCEEDED", None, None),
        ({"exit_code": 0}, None, False, "FAILED", "action", "What it came to is not known"),
        ({"exit_code": 0}, {"state": "SUCCEEDED"}, True, "SUCCEEDED", None, None),
        ({"exit_code": 1, "cause": "action"}, {"state": "FAILED"}, False, "FAILED", "action", "no gpu"),
        ({"exit_code": 1, "cause": "action"}, None, False, "FAILED", "action", "exit code 1"),
        ({"signal": 9, "cause": "signal"}, None, False, "FAILED", "signal", "signal 9"),
        ({"signal": 9}, {"state": "SUCCEEDED"}, False, "FAILED", "signal", "signal 9"),
        ({"signal": 15, "cause": "timeout", "reason": "too long"}, None, False, "FAILED", "timeout", "long"),
        ({"signal": 9, "cause": "cancelled"}, None, False, "STOPPED", "cancelled", "stopped on request"),
        ({"exit_code": 1, "cause": "action"}, {"state": "FAILED"}, True, "STOPPED", "cancelled", "request"),
        ({"cause": "environment", "reason": "no wheel"}, None, False, "FAILED", "environment", "no wheel"),
    ],
)
def test_the_exit_record_decides_the_end(record, outcome, is_stopped, state, cause, words):
    moments = {"started_at": utc_now(), "ended_at": utc_now()}
    said = None
    if outcome is not None:
        failure = Failure(type="E", message="no gpu") if outcome["state"] == "FAILED" else None
        said = RunOutcome(job="j", failure=failure, **outcome, **moments)

    ending = judge_exit(
        ExitRecord(job="j", attempt=1, **record, **moments), said, is_stop_requested=is_stopped
    )

    assert (ending.state, ending.cause) == (state, cause)
    assert words is None or words in ending.reason
