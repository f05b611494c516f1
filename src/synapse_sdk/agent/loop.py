"""The agent: claims attempts, keeps each in a thread, says every few seconds that it lives."""

from __future__ import annotations

import fcntl
import logging
import os
import platform
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk._internal.machine import count_cpus, count_gpus
from synapse_sdk._internal.units import format_size
from synapse_sdk._version import __version__
from synapse_sdk.agent.agent_server import AgentServer
from synapse_sdk.agent.attempt_keeper import RETRY_WAITS_S, AttemptKeeper
from synapse_sdk.agent.attempts import AttemptFolder, iter_attempts
from synapse_sdk.agent.environments import EnvironmentCache
from synapse_sdk.agent.garbage import remove_garbage
from synapse_sdk.clients.errors import AuthenticationError, AuthorizationError
from synapse_sdk.wire.assignment import AgentFacts, Assignment

HEARTBEAT_S = 5.0
#: How long the server may hold back the answer to a claim.
CLAIM_WAIT_S = 20.0
#: An agent that ends gives its folder back within this time.
LOCK_TIMEOUT_S = 15.0
#: Seconds between two collections of what the folder no longer needs, and how long one waits for idleness.
COLLECT_EVERY_S = 24 * 3600.0
IDLE_PATIENCE_S = 3600.0
_log = logging.getLogger("synapse.agent")


class AgentFolderTakenError(SynapseError):
    """Another agent works in this folder."""


class Agent:
    """Runs what a server has for this machine. Attempts outlive it; the folder's next agent adopts them."""

    def __init__(
        self,
        server: AgentServer,
        folder: Path,
        *,
        name: str | None = None,
        slots: int | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Prepare; nothing is done before `run`.

        Args:
            server: Whom to ask for work.
            folder: The agent's own folder; no other agent may use it at the same time.
            name: What the server calls it; this machine's name unless given.
            slots: How many attempts may run at once; one for each processor unless given.
            heartbeat_s: Seconds between two heartbeats.
        """
        self._server = server
        self._folder = folder.absolute()
        self._name = name or socket.gethostname()
        self._slots = slots or count_cpus()
        self._heartbeat_s = heartbeat_s
        self._environments = EnvironmentCache(self._folder / "envs")
        self._keepers: dict[tuple[str, int], AttemptKeeper] = {}
        self._changed = threading.Condition()
        self._is_leaving = threading.Event()
        self._stop = threading.Event()
        self._registering = threading.Lock()
        self._is_registered = False
        self._refusal: SynapseError | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, or the server refuses this agent, which sets it. Workers live on.

        Raises:
            AgentFolderTakenError: Another agent works in the folder.
            SynapseError: The server refuses this agent. One that is away is waited for.
        """
        self._stop = stop
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with claim_folder(self._folder):
            self._introduce()
            self._environments.remove_interrupted()
            for attempt in iter_attempts(self._folder / "attempts"):
                if not attempt.is_reported:
                    _log.info("adopting %s/%d", attempt.assignment.job, attempt.assignment.attempt)
                    self._keep(attempt)
            for work in (self._beat_forever, self._claim_forever, self._collect_forever):
                threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True).start()
            stop.wait()
            with self._changed:
                self._is_leaving.set()
                self._changed.notify_all()
        if self._refusal is not None:
            raise self._refusal

    def describe(self) -> AgentFacts:
        """Return what the agent says of itself."""
        return AgentFacts(
            name=self._name,
            interpreter=f"{sys.implementation.name} {platform.python_version()}",
            platform=f"{sys.platform}-{platform.machine()}",
            sdk_version=__version__,
            cpus=count_cpus(),
            gpus=count_gpus(),
        )

    def _introduce(self) -> None:
        try:
            self._ensure_registered()
        except NotReachableError as error:
            _log.warning("waiting for the server: %s", error.message)

    def _collect_forever(self) -> None:
        """Remove what the folder no longer needs: now, and once a day, when nothing runs if that can be."""
        while not self._is_leaving.is_set():
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_leaving.is_set() or not self._keepers, IDLE_PATIENCE_S
                )
            try:
                self._collect()
            except Exception:  # noqa: BLE001 - the rim of this thread: told, and tried anew tomorrow
                _log.exception("collecting garbage went wrong")
            self._is_leaving.wait(COLLECT_EVERY_S)

    def _collect(self) -> None:
        removal = remove_garbage(self._folder, cache=self._environments)
        for leftover in removal.removed:
            size = format_size(leftover.size_bytes)
            _log.info("removed %s %s, %s: %s", leftover.kind, leftover.path.name, size, leftover.why)
        for leftover, error in removal.kept:
            _log.warning("%s %s can not be removed: %s", leftover.kind, leftover.path, error)

    def _claim_forever(self) -> None:
        tries = 0
        while self._wait_for_free_slot():
            try:
                self._ensure_registered()
                for assignment in self._server.claim(self._count_free_slots(), CLAIM_WAIT_S):
                    self._take_on(assignment)
                tries = 0
            except (SynapseError, OSError) as error:
                self._cope(error, tries)
                tries += 1
            except Exception:  # noqa: BLE001 - the rim of this thread: told, and tried anew
                _log.exception("claiming went wrong")
                self._cope(None, tries)
                tries += 1

    def _beat_forever(self) -> None:
        was_heard = True
        while not self._is_leaving.is_set():
            try:
                self._ensure_registered()  # here too: an agent that adopted much may not claim for long
                self._beat()
            except SynapseError as error:
                if was_heard:  # once for each time that the server is away
                    _log.warning("the heartbeat was not heard: %s", error.message)
                was_heard = False
                self._doubt_registration(error)
            except Exception:  # noqa: BLE001 - the rim of this thread: told, and tried anew
                _log.exception("the heartbeat went wrong")
            else:
                was_heard = True
            self._is_leaving.wait(self._heartbeat_s)

    def _beat(self) -> None:
        with self._changed:
            keepers = dict(self._keepers)
        directives = self._server.heartbeat([keeper.report() for keeper in keepers.values()])
        for directive in directives:
            keeper = keepers.get((directive.job, directive.attempt))
            if keeper is not None:
                keeper.obey(directive)

    def _ensure_registered(self) -> None:
        with self._registering:
            if not self._is_registered:
                try:
                    self._server.register(self.describe())
                except AuthorizationError as error:
                    self._leave_refused(error)
                    raise
                self._is_registered = True

    def _doubt_registration(self, error: Exception | None) -> None:
        """Register again first, if the server answered and may not know this agent any more.

        A token that it does not know ends the agent: another that is started with a good one goes on with the
        attempts, which waiting here would keep from it.
        """
        if isinstance(error, AuthenticationError):
            self._leave_refused(error)
        elif not isinstance(error, NotReachableError):
            self._is_registered = False

    def _leave_refused(self, error: SynapseError) -> None:
        self._refusal = error
        self._is_leaving.set()
        self._stop.set()

    def _cope(self, error: Exception | None, tries: int) -> None:
        """Wait before asking the server again."""
        if error is not None and tries == 0:  # once for each time that the server is away
            _log.warning("no work: %s", getattr(error, "message", error))
        self._doubt_registration(error)
        self._is_leaving.wait(RETRY_WAITS_S[min(tries, len(RETRY_WAITS_S) - 1)])

    def _take_on(self, assignment: Assignment) -> None:
        if (assignment.job, assignment.attempt) in self._keepers:
            return  # told twice
        self._keep(AttemptFolder.create(self._folder / "attempts", assignment))

    def _keep(self, attempt: AttemptFolder) -> None:
        keeper = AttemptKeeper(attempt, self._server, self._environments, is_leaving=self._is_leaving)
        with self._changed:
            self._keepers[keeper.job, keeper.number] = keeper
        threading.Thread(target=self._see_through, args=(keeper,), name=keeper.name, daemon=True).start()

    def _see_through(self, keeper: AttemptKeeper) -> None:
        try:
            keeper.run()
        finally:
            with self._changed:
                del self._keepers[keeper.job, keeper.number]
                self._changed.notify_all()

    def _wait_for_free_slot(self) -> bool:
        """Wait until there is one; False when the agent leaves."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_leaving.is_set() or self._count_free_slots() > 0)
            return not self._is_leaving.is_set()

    def _count_free_slots(self) -> int:
        return self._slots - len(self._keepers)


@contextmanager
def claim_folder(folder: Path) -> Iterator[None]:
    """Hold an agent's folder. The kernel lets go of it when the agent dies, however it dies.

    Raises:
        AgentFolderTakenError: Another agent works in it.
    """
    descriptor = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline_s = time.monotonic() + LOCK_TIMEOUT_S
        while not _try_lock(descriptor):
            if time.monotonic() > deadline_s:
                raise AgentFolderTakenError(
                    f"Another agent works in {folder}.",
                    {"folder": str(folder)},
                    hint="End it, or give this one a --folder of its own.",
                )
            time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
