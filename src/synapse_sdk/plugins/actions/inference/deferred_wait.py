"""The side that asks: an answer that was promised is asked for until it is there.

Source: interface sheet `actions.md` §8.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from synapse_sdk.plugins.actions.inference.deferred import (
    POLL_REQUEST_KEY,
    STATUS_FAILED,
    STATUS_NOT_FOUND,
    extract_ticket,
    is_deferred_envelope,
    is_pending,
)
from synapse_sdk.plugins.errors import ExecutionError

#: Seconds before a result is asked for again: from, to; and after which it is given up.
RESULT_POLL_S, RESULT_POLL_AT_MOST_S, RESULT_LIMIT_S = 2.0, 10.0, 1800.0


def wait_for_result(answer: Any, ask: Callable[[Mapping[str, Any]], Any]) -> Any:
    """Return an answer, or the one that it promises, however long that takes.

    Args:
        answer: What was answered first.
        ask: Sends a body, and returns what is answered to it.

    Raises:
        ExecutionError: The result could not be made, was lost, or took too long.
    """
    asked_at, wait_s = time.monotonic(), RESULT_POLL_S
    while is_pending(answer):
        if time.monotonic() - asked_at > RESULT_LIMIT_S:
            raise ExecutionError(f"The inference took longer than {RESULT_LIMIT_S:.0f} s.")
        time.sleep(wait_s)
        wait_s = min(wait_s * 1.5, RESULT_POLL_AT_MOST_S)
        answer = ask({POLL_REQUEST_KEY: extract_ticket(answer)})
    if is_deferred_envelope(answer):
        reasons = {
            STATUS_FAILED: f"failed: {answer.get('error')}",
            STATUS_NOT_FOUND: "was lost: its replica was restarted",
        }
        raise ExecutionError(f"The inference {reasons.get(answer.get('status'), 'ended oddly')}.")
    return answer
