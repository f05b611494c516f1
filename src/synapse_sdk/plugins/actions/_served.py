"""What actions of served plugins share: the path of a release, the agent, answers that take long."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.inference.deferred import (
    POLL_REQUEST_KEY,
    STATUS_FAILED,
    STATUS_NOT_FOUND,
    extract_ticket,
    is_deferred_envelope,
    is_pending,
)
from synapse_sdk.plugins.errors import ExecutionError

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext

#: Seconds before a result is asked for again: from, to; and after which it is given up.
RESULT_POLL_S, RESULT_POLL_AT_MOST_S, RESULT_LIMIT_S = 2.0, 10.0, 1800.0


def name_route(release: str) -> str:
    """Return the path below which a release, `code@version`, is served."""
    return hashlib.md5(release.encode(), usedforsecurity=False).hexdigest()


@contextmanager
def open_agent_client(ctx: RuntimeContext) -> Iterator[Any]:
    """Give the agent's client: the context's own, else that of `SYNAPSE_AGENT_URL`; None without one."""
    address, token = ctx.env.get("SYNAPSE_AGENT_URL"), ctx.env.get("SYNAPSE_AGENT_TOKEN")
    if ctx.agent_client is not None or not address or not token:
        yield ctx.agent_client
        return
    from synapse_sdk.clients.agent import AgentClient

    client = AgentClient(str(address), str(token))
    try:
        yield client
    finally:
        client.close()


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
