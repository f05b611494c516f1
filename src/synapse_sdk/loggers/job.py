"""`JobLogger`: a job's log, progress and numbers to a client that has `create_logs` and `update_job`.

Source: interface sheet `core.md` §4.4. Unlike there, each entry has its level, and no tick prints anything.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from typing import Any

from synapse_sdk._internal.jsonable import describe_json
from synapse_sdk.loggers.client_sink import JobClient, JobClientSink
from synapse_sdk.loggers.progress_record import ProgressRecord, check_proportions
from synapse_sdk.plugins.base_logger import BaseLogger
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.events import EventStream, Sink
from synapse_sdk.plugins.models.log_entry import ProgressData
from synapse_sdk.plugins.terminal import TerminalSink


class JobLogger(BaseLogger):
    """A call costs microseconds; a thread sends. What the client does not take is kept and sent again."""

    def __init__(
        self,
        client: JobClient | None,
        job_id: str,
        step_proportions: Mapping[str, float] | None = None,
        log_batch_size: int = 200,
        log_flush_interval: float = 2.0,
        progress_flush_interval: float = 1.0,
        background_flush: bool = True,
        queue_wait_timeout: float = 30.0,
    ) -> None:
        """Send to `client`.

        Args:
            client: Who takes it; None shows it on the console instead.
            job_id: The job.
            step_proportions: Step → its part of the whole.
            log_batch_size: Most entries of one call.
            log_flush_interval: Seconds after which entries are sent at the latest.
            progress_flush_interval: Seconds after which records are sent at the latest. The shorter of the
                two intervals holds for both.
            background_flush: False makes each call return only when what it reported was sent.
            queue_wait_timeout: Seconds that a full queue waits for a failing client before it drops entries.

        Raises:
            ValueError: The proportions can not be used, or a size or an interval is not positive.
        """
        super().__init__()
        interval_s = min(log_flush_interval, progress_flush_interval)
        if log_batch_size < 1 or interval_s <= 0 or queue_wait_timeout < 0:
            raise ValueError("the batch size and the intervals of a job's log must be positive")
        self._record = ProgressRecord()
        self.set_step_proportions(step_proportions or {})
        self._is_background = background_flush
        self._sink = (
            None if client is None else self._build_sink(client, job_id, log_batch_size, queue_wait_timeout)
        )
        sinks: list[Sink] = [self._sink or TerminalSink(sys.stdout)]
        self._stream = EventStream(sinks, job=str(job_id), round_s=interval_s)
        self._close = weakref.finalize(self, self._stream.close)

    def set_step_proportions(
        self, proportions: Mapping[str, float], orders: Mapping[str, int] | None = None
    ) -> None:
        """Say which part of the whole each step is, and its place.

        Raises:
            RuntimeError: Progress was reported already.
            ValueError: They can not be used.
        """
        if not self._record.is_empty:
            raise RuntimeError("the proportions of steps must be set before the first progress")
        self._record.proportions = check_proportions(proportions)
        self._record.orders |= orders or {}

    def get_progress_record(self, *, time_elapsed: int | None = None) -> dict[str, Any]:
        """Return how far the job is; `time_elapsed`, in seconds, is added where it is given."""
        return self._record.write(time_elapsed=time_elapsed)

    def log_loss_report(self) -> dict[str, Any]:
        """Return what did not arrive.

        `dropped` and `unsent` count entries; `delivery_unconfirmed` calls that ran out of time, so that what
        they carried was sent again and may have come twice; `waits` how often the queue was full.
        """
        sink = self._sink
        return {
            "dropped": sink.dropped if sink else 0,
            "unsent": sink.unsent_count if sink else 0,
            "delivery_unconfirmed": sink.unconfirmed if sink else 0,
            "waits": sink.waits if sink else 0,
            "wait_seconds": sink.wait_s if sink else 0.0,
            "wait_timeouts": sink.wait_timeouts if sink else 0,
        }

    def set_step(self, step: str | None, order: int | None = None) -> None:
        """Name the step of what comes without one, and its place among the steps."""
        super().set_step(step, order)
        self._record.orders |= self._orders

    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        word = str(level or LogLevel.INFO)
        if self._sink is not None:
            self._stream.log(event, {"data": data}, file=file, level=word, step=step)
        else:
            self._stream.message(str(data.get("content", f"{event} {data}")), level=word, step=step)
        self._flush_if_asked()

    def _on_progress(self, progress: ProgressData, step: str | None) -> None:
        self._record.take(progress)
        self._stream.progress(step, progress.percent, 100)
        self._flush_if_asked()

    def _on_metrics(self, step: str, metrics: dict[str, Any]) -> None:
        self._stream.metrics(step, metrics)
        self._flush_if_asked()

    def _on_finish(self) -> None:
        self._record.complete()
        self._close()

    def _flush_if_asked(self) -> None:
        if not self._is_background:
            self._stream.flush()

    def _build_sink(
        self, client: JobClient, job_id: str, batch_size: int, wait_limit_s: float
    ) -> JobClientSink:
        record, metrics = self._record, self._metrics  # not `self`: the stream must not keep its logger alive

        def write_records(kinds: set[str]) -> dict[str, Any]:
            written: dict[str, Any] = {}
            if "progress" in kinds and not record.is_empty:
                written["progress_record"] = record.write()
            if "metric" in kinds:
                written["metrics_record"] = {"record": {"steps": describe_json(dict(metrics))}}
            return written

        return JobClientSink(
            client, job_id, write_records=write_records, batch_size=batch_size, wait_limit_s=wait_limit_s
        )
