"""`python -m synapse_sdk.agent.supervisor FOLDER`: watches one worker, says how it ended.

```text
start.json ──▶ lock, supervisor.json ──▶ worker ──▶ every descendant gone ──▶ exit.json
                                          ▲
                   `stop` file, SIGTERM, time limit: SIGTERM to its group, after the grace SIGKILL to all
```

It leaves its parent's session at once, so it outlives the agent and the server. It is the sub-reaper of all
that the worker starts: what daemonizes is still its descendant, and ends before the exit record is written.
Standard library only, for it stays in memory as long as the worker does.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk.agent.processes import find_descendants, find_process, read_boot_id, send_signal
from synapse_sdk.agent.start_order import StartOrder

SUPERVISOR_FILE = "supervisor.json"
EXIT_FILE = "exit.json"
STOP_FILE = "stop"
LOCK_FILE = "supervisor.lock"
OUTCOME_FILE = "outcome.json"

#: How long a stop file may lie unseen. Who is in a hurry sends SIGTERM as well.
STOP_POLL_S = 1.0
#: What a worker that has ended left behind gets this long to end by itself.
LEFTOVER_GRACE_S = 2.0
#: Between two looks at processes that were killed.
KILL_ROUND_S = 0.02
#: Between two tries to write the exit record, on a full disk for instance.
WRITE_RETRY_S = 2.0
_PR_SET_CHILD_SUBREAPER = 36


def main(argv: list[str]) -> int:
    """Start the supervisor of the folder in `argv`; return 0 as soon as it has the attempt, else 1."""
    folder = Path(argv[0]).absolute()
    ready, told = os.pipe()
    if os.fork():
        os.close(told)
        return 0 if os.read(ready, 1) else 1
    os.close(ready)
    code = 1
    try:
        os.setsid()
        code = supervise(folder, on_begun=lambda: _tell(told))
    except BaseException:  # noqa: BLE001 - the outermost rim; what it prints is kept in supervisor.log
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def supervise(folder: Path, *, on_begun: Callable[[], None]) -> int:
    """Run the worker of an attempt to its end, and that of all it started; write `exit.json`.

    An attempt is begun once: 1 is returned, and nothing done, where another supervisor is or was.
    """
    order = StartOrder.load(folder)
    lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("another supervisor has this attempt")
        return 1
    if (folder / SUPERVISOR_FILE).exists() or (folder / EXIT_FILE).exists():
        _say("this attempt was begun before")
        return 1
    watch = _Watch(folder, order)
    atomic_write(folder / SUPERVISOR_FILE, _describe_self())
    on_begun()
    _write_exit(folder, watch.run())
    return 0


class _Watch:
    """One worker, from its start until nothing of it is left."""

    def __init__(self, folder: Path, order: StartOrder) -> None:
        self._folder = folder
        self._order = order
        self._status: int | None = None
        self._was_told = False
        #: Why the worker was asked to end: `cancelled` or `timeout`.
        self._ended_for: str | None = None
        self._reason: str | None = None
        self._wake = self._listen()

    def run(self) -> dict[str, object]:
        _become_subreaper()
        try:
            worker = self._start()
        except OSError as error:
            reason = f"the worker could not be started: {error}"
            return self._record(None, cause="environment", reason=reason)
        started_at, began_s = utc_now(), time.monotonic()
        limit_s = self._order.time_limit_s
        limit_at_s = None if limit_s is None else began_s + limit_s
        kill_at_s: float | None = None
        while self._status is None:
            now_s = time.monotonic()
            if kill_at_s is None and self._should_end(now_s, limit_at_s):
                # The worker is not reaped yet, so this group can be nobody else's.
                os.killpg(worker, signal.SIGTERM)
                kill_at_s = now_s + self._order.grace_s
            if kill_at_s is not None and now_s >= kill_at_s:
                self._kill_all()
            self._rest(worker, kill_at_s or limit_at_s)
        self._end_leftovers(kill_at_s)
        return self._judge(self._status, started_at)

    def _listen(self) -> int:
        """Turn signals into wake-ups of the one wait. No SIG_IGN: the worker would inherit it."""
        wake, rung = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGTERM, self._take_sigterm)
        for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(rung, warn_on_full_buffer=False)
        return wake

    def _take_sigterm(self, *_: object) -> None:
        self._was_told = True

    def _start(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        out = os.open(self._folder / "stdout.log", flags, 0o600)
        err = os.open(self._folder / "stderr.log", flags, 0o600)
        try:
            worker = subprocess.Popen(
                self._order.argv,
                cwd=self._order.cwd,
                env=self._order.build_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
        finally:
            os.close(out)
            os.close(err)
        worker.returncode = 0  # reaped by `_reap`, with all the others; Popen need not wait for it
        return worker.pid

    def _should_end(self, now_s: float, limit_at_s: float | None) -> bool:
        stop = self._folder / STOP_FILE
        if self._was_told or stop.exists():
            told = stop.read_text().strip() if stop.exists() else ""
            self._ended_for, self._reason = "cancelled", told or "stopped on request"
        elif limit_at_s is not None and now_s >= limit_at_s:
            limit = f"{self._order.time_limit_s:g} s"
            self._ended_for, self._reason = "timeout", f"the time limit of {limit} was reached"
        return self._ended_for is not None

    def _rest(self, worker: int, until_s: float | None) -> None:
        """Wait for a signal, at most until something is due; take in what has ended."""
        self._reap(worker)
        if self._status is None:
            due_s = STOP_POLL_S if until_s is None else until_s - time.monotonic()
            self._wait(min(max(due_s, KILL_ROUND_S), STOP_POLL_S))
            self._reap(worker)

    def _wait(self, timeout_s: float) -> None:
        if select.select([self._wake], [], [], timeout_s)[0]:
            os.read(self._wake, 4096)

    def _reap(self, worker: int | None = None) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == worker:
                self._status = status

    def _end_leftovers(self, kill_at_s: float | None) -> None:
        """End all that the worker left behind; return when none of it lives."""
        self._reap()
        for process in find_descendants(os.getpid()):
            send_signal(process, signal.SIGTERM)
        give_up_s = time.monotonic() + min(LEFTOVER_GRACE_S, self._order.grace_s)
        if kill_at_s is not None:
            give_up_s = max(give_up_s, kill_at_s)
        while find_descendants(os.getpid()):
            if time.monotonic() >= give_up_s:
                self._kill_all()
            self._wait(KILL_ROUND_S)
            self._reap()

    def _kill_all(self) -> None:
        for process in find_descendants(os.getpid()):
            send_signal(process, signal.SIGKILL)

    def _judge(self, status: int, started_at: datetime) -> dict[str, object]:
        code = os.waitstatus_to_exitcode(status)
        if code == 0 and (self._folder / OUTCOME_FILE).exists():
            cause, reason = None, None  # asked to end or not, it had finished its work
        elif self._ended_for is not None:
            cause, reason = self._ended_for, self._reason
        elif code == 0:  # the action called os._exit(0), say: nobody knows what it came to
            cause, reason = "action", "the worker ended with exit code 0 and did not say how its action ended"
        elif code > 0:
            cause, reason = "action", f"the worker ended with exit code {code}"
        else:
            cause, reason = "signal", f"the worker was ended by {_name_signal(-code)}{_guess(-code)}"
        return self._record(code, cause=cause, reason=reason, started_at=started_at)

    def _record(
        self, code: int | None, *, cause: str | None, reason: str | None, started_at: datetime | None = None
    ) -> dict[str, object]:
        """Build `wire.assignment.ExitRecord` as a plain value."""
        return {
            "schema_version": 1,
            "job": self._order.job,
            "attempt": self._order.attempt,
            "exit_code": code if code is not None and code >= 0 else None,
            "signal": -code if code is not None and code < 0 else None,
            "cause": cause,
            "reason": reason,
            "started_at": None if started_at is None else iso_z(started_at),
            "ended_at": iso_z(utc_now()),
        }


def _say(text: str) -> None:
    """Write to supervisor.log, which is this process's stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _tell(descriptor: int) -> None:
    os.write(descriptor, b"1")
    os.close(descriptor)


def _become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system can not make a process the reaper of its descendants")


def _describe_self() -> bytes:
    me = find_process(os.getpid())
    assert me is not None
    facts = {"pid": me.pid, "start_time": me.start_time, "boot_id": read_boot_id()}
    return json.dumps(facts).encode() + b"\n"


def _write_exit(folder: Path, record: dict[str, object]) -> None:
    """Write the exit record, however long there is no room for it: nobody else knows how it ended."""
    data = json.dumps(record, indent=2).encode() + b"\n"
    while folder.is_dir():
        try:
            atomic_write(folder / EXIT_FILE, data)
        except OSError as error:
            _say(f"the exit record can not be written: {error}")
            time.sleep(WRITE_RETRY_S)
        else:
            return


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _guess(number: int) -> str:
    if number == signal.SIGKILL:
        return ", which the system also sends when memory runs out"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
