"""One attempt, from its assignment to the server's receipt of its last word. Runs in a thread of its own.

```text
assigned ──code, environment──▶ ordered ──supervisor──▶ running ──▶ ended ──logs, events, end──▶ reported
    └───────────── can not be prepared, or stopped before it began ─────────────▶ ended
```

Every arrow leaves a file behind, so a keeper that starts anew goes on from where the files stand.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk.agent.agent_server import AgentServer
from synapse_sdk.agent.attempts import AttemptError, AttemptFolder
from synapse_sdk.agent.environments import BuildStoppedError, EnvironmentCache
from synapse_sdk.agent.log_shipping import LogShipper
from synapse_sdk.agent.start_order import StartOrder
from synapse_sdk.agent.worker_variables import build_worker_variables, write_params
from synapse_sdk.clients.errors import AuthenticationError
from synapse_sdk.clients.release_code import write_code
from synapse_sdk.wire.assignment import AttemptEnd, AttemptPhase, AttemptReport, Directive
from synapse_sdk.wire.outcome import RunOutcome

T = TypeVar("T")

#: How often a running attempt's logs are looked at: at first often, somebody waits for the first.
EAGER_POLL_S = 0.05
EAGER_ROUNDS = 60
POLL_S = 0.4
#: Waits before asking a server again that is away.
RETRY_WAITS_S = (0.5, 1.0, 2.0, 5.0)
#: Wait after something that nobody foresaw.
TROUBLE_WAIT_S = 5.0
#: What is waited out. An agent whose token is refused leaves; its attempts stay as they are, for the next.
_AWAY = (NotReachableError, AuthenticationError)
_log = logging.getLogger("synapse.agent")


class AttemptKeeper:
    """Sees one attempt through. `run` is the thread's; the other methods may be called from any."""

    def __init__(
        self,
        attempt: AttemptFolder,
        server: AgentServer,
        environments: EnvironmentCache,
        *,
        is_leaving: threading.Event,
    ) -> None:
        """Take on an attempt, new or from before.

        Args:
            attempt: Its folder.
            server: Who gave it.
            environments: Where its interpreter comes from.
            is_leaving: Set when the agent ends; the attempt goes on without it.
        """
        self.attempt = attempt
        self.job = attempt.assignment.job
        self.number = attempt.assignment.attempt
        self._server = server
        self._environments = environments
        self._is_leaving = is_leaving
        self._stop_reason: str | None = None
        self._is_forgotten = False
        self._is_stopping = threading.Event()
        self._shipper = LogShipper(attempt.log_files, attempt.path / "shipped.json", self._append_log)

    @property
    def name(self) -> str:
        """How it is called in the agent's own log."""
        return f"{self.job}/{self.number}"

    @property
    def is_busy(self) -> bool:
        """Does it take a slot?"""
        return not self.attempt.has_ended

    def report(self) -> AttemptReport:
        """Return how far it is."""
        phase: AttemptPhase = "preparing"
        if self.attempt.has_ended:
            phase = "ended"
        elif self.attempt.is_ordered:
            phase = "running"
        return AttemptReport(job=self.job, attempt=self.number, phase=phase)

    def obey(self, directive: Directive) -> None:
        """Do what the server wants done."""
        if directive.action == "keep":
            return
        self._is_forgotten = self._is_forgotten or directive.action == "forget"
        if not self._is_stopping.is_set():
            _log.info(
                "%s: told to %s: %s", self.name, directive.action, directive.reason or "no reason given"
            )
            self._stop_reason = directive.reason
            self._is_stopping.set()
            if self.attempt.is_ordered:
                self.attempt.request_stop(directive.reason)

    def run(self) -> None:
        """See it through, whatever happens on the way. Returns early when the agent leaves."""
        while not self._is_leaving.is_set():
            try:
                self._see_through()
            except _LeavingError:
                return
            except Exception:  # noqa: BLE001 - the rim of this thread: told, and tried anew from where the files stand
                _log.exception("%s: trouble; trying again in %g s", self.name, TROUBLE_WAIT_S)
            else:
                return
            self._is_leaving.wait(TROUBLE_WAIT_S)

    def _see_through(self) -> None:
        attempt = self.attempt
        attempt.note_server(self._server.url)
        if not attempt.is_ordered and not attempt.has_ended:
            self._prepare()
        if not attempt.has_ended:
            if not attempt.is_begun:
                self._begin()
            self._watch()
        if not self._is_forgotten:
            self._report_end()
        if self._is_forgotten:
            _log.info("%s: forgotten, as told", self.name)
        attempt.mark_reported()

    def _prepare(self) -> None:
        """Fetch code, build the environment, hand over. Where that can not be, the attempt ends here."""
        try:
            order = self._persist(self._build_order)
            if self._is_stopping.is_set():
                raise BuildStoppedError("stopped before it began")
            order.write(self.attempt.path)
        except BuildStoppedError:
            if not self._is_stopping.is_set():
                raise _LeavingError from None
            self.attempt.end_without_worker("cancelled", self._stop_reason or "stopped before it began")
        except SynapseError as error:
            self._tell_author(error)
            self.attempt.end_without_worker("environment", error.message)
        except OSError as error:
            self.attempt.end_without_worker("environment", f"the agent could not prepare it: {error}")

    def _build_order(self) -> StartOrder:
        assignment, attempt = self.attempt.assignment, self.attempt
        release = assignment.release
        if not attempt.code.exists():
            files = self._server.fetch_files(release)
            with self._server.open_archive(release) as archive:
                write_code(files, archive, attempt.code)
        lock = self._server.fetch_lock(release)
        environment = self._environments.ensure(
            lock,
            code=attempt.code,
            should_stop=lambda: self._is_stopping.is_set() or self._is_leaving.is_set(),
        )
        write_params(attempt)
        return StartOrder(
            job=self.job,
            attempt=self.number,
            argv=(str(environment.python), "-P", "-m", "synapse_sdk.plugins.entrypoint", str(attempt.path)),
            cwd=str(attempt.code),
            env={
                **assignment.env,
                **build_worker_variables(attempt, self._server.url),
                "SYNAPSE_ENVIRONMENT_DIGEST": environment.digest,
                "VIRTUAL_ENV": str(environment.python.parent.parent),
                "PATH": f"{environment.python.parent}:{os.environ.get('PATH', os.defpath)}",
            },
            time_limit_s=assignment.time_limit_s,
            grace_s=assignment.grace_s,
        )

    def _begin(self) -> None:
        try:
            self.attempt.start_supervisor()
        except SynapseError as error:
            self.attempt.end_without_worker("environment", error.message)
            return
        if self._is_stopping.is_set():  # told meanwhile
            self.attempt.request_stop(self._stop_reason)

    def _watch(self) -> None:
        """Report and ship while it runs; return when it has ended."""
        attempt, rounds = self.attempt, 0
        duties = [self._report_started, self._ship_some]
        not_before_s = 0.0
        while not attempt.has_ended:
            if self._is_leaving.is_set():
                raise _LeavingError
            if time.monotonic() >= not_before_s:
                is_reached = all(self._try(duty, duties) for duty in list(duties))
                not_before_s = 0.0 if is_reached else time.monotonic() + RETRY_WAITS_S[-1]
            rounds += 1
            if attempt.wait(EAGER_POLL_S if rounds < EAGER_ROUNDS else POLL_S) and not attempt.has_ended:
                _log.error("%s: its supervisor is gone; what it left is killed", self.name)
                attempt.end_lost()

    def _try(self, duty: Callable[[], bool], duties: list[Callable[[], bool]]) -> bool:
        """Do a duty, and strike it off when it is done for good. False when the server can not be reached."""
        try:
            is_done = duty()
        except _AWAY as error:
            _log.warning("%s: %s", self.name, error.message)
            return False
        except SynapseError as error:
            # The worker is not to suffer from it; what the server thinks of the attempt, the heartbeat tells.
            _log.error("%s: refused: %s", self.name, error.message)
            is_done = True
        if is_done:
            duties.remove(duty)
        return True

    def _report_started(self) -> bool:
        digest = StartOrder.load(self.attempt.path).env.get("SYNAPSE_ENVIRONMENT_DIGEST")
        self._server.report_started(self.job, self.number, environment_digest=digest)
        return True

    def _ship_some(self) -> bool:
        self._shipper.ship()
        return False

    def _report_end(self) -> None:
        end = AttemptEnd(exit=self.attempt.read_exit(), outcome=self._read_outcome())
        for say in (self._send_events, self._keep_outputs, self._shipper.ship, lambda: self._send_end(end)):
            try:
                self._persist(say)
            except _ForgottenError:
                return
            except SynapseError as error:  # not today, not tomorrow: what comes after it is said all the same
                _log.error("%s: refused: %s", self.name, error.message)

    def _send_events(self) -> None:
        token = self.attempt.assignment.job_token  # empty: removed once all was said
        if token and self.attempt.spool.exists():
            self._server.send_events(self.job, self.attempt.spool, token=token)

    def _keep_outputs(self) -> None:
        attempt = self.attempt
        if attempt.code.exists():
            token = attempt.assignment.job_token
            left_out = self._server.keep_outputs(self.job, self.number, attempt.code, token=token)
            for sentence in left_out:
                self._tell_log(sentence)

    def _send_end(self, end: AttemptEnd) -> None:
        try:
            self._server.report_end(self.job, self.number, end)
        except _AWAY:
            raise
        except SynapseError as error:
            if end.outcome is None:
                raise
            # Better the end without its words than a job that never ends.
            _log.error("%s: its outcome is refused: %s", self.name, error.message)
            self._server.report_end(self.job, self.number, end.model_copy(update={"outcome": None}))

    def _read_outcome(self) -> RunOutcome | None:
        try:
            return self.attempt.read_outcome()
        except AttemptError as error:
            _log.error("%s: %s", self.name, error.message)
            return None

    def _append_log(self, stream: str, offset: int, data: bytes) -> int:
        return self._server.append_log(self.job, self.number, stream, offset=offset, data=data)

    def _tell_author(self, error: SynapseError) -> None:
        """Put what the installer said where the author looks: into the attempt's log."""
        self._tell_log(str(error.details.get("log") or error.message))

    def _tell_log(self, said: str) -> None:
        with self.attempt.log_files["stderr"].open("a", encoding="utf-8") as log:
            log.write(said if said.endswith("\n") else f"{said}\n")

    def _persist(self, ask: Callable[[], T]) -> T:
        """Ask the server until it answers, however long it is away; or until the agent leaves."""
        tries = 0
        while True:
            if self._is_leaving.is_set():
                raise _LeavingError
            if self._is_stopping.is_set() and not (self.attempt.is_ordered or self.attempt.has_ended):
                raise BuildStoppedError("stopped before it began")
            if self._is_forgotten and self.attempt.has_ended:
                raise _ForgottenError
            try:
                return ask()
            except _AWAY as error:
                _log.warning("%s: %s", self.name, error.message)
            self._is_leaving.wait(RETRY_WAITS_S[min(tries, len(RETRY_WAITS_S) - 1)])
            tries += 1


class _LeavingError(Exception):
    """The agent ends; the attempt goes on."""


class _ForgottenError(Exception):
    """The attempt is not this agent's any more; nobody wants to hear of it."""
