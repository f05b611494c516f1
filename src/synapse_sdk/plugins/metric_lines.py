"""The line of a metric event, written without building the event.

A training loop reports little else, thousands of times a second, in the interpreter that it shares with the
encoder. `wire.Event` takes three times as long to check and write what is known to be right here; the line is
the same but for how JSON may write a number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

#: How numbers travel that JSON does not have.
_NAMES = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}


class MetricLines:
    """Writes the lines of one producer."""

    def __init__(self, job: str, attempt: int, producer: str) -> None:
        identity = {"schema_version": 1, "job": job, "attempt": attempt, "producer": producer}
        self._head = _to_json(identity)[:-1]
        #: Steps, as a field, and keys as they stand in JSON.
        self._steps: dict[str | None, str] = {None: ""}
        self._keys: dict[str, str] = {}
        self._second = -1
        self._second_text = ""

    def write(
        self,
        seq: int,
        at_s: float,
        step: str | None,
        values: Mapping[str, float],
        ordinals: Mapping[str, int],
    ) -> bytes:
        """Return the line, without an end.

        Raises:
            UnicodeEncodeError: A name holds half a character, which no line can.
            OverflowError: A whole number is larger than any float.
        """
        keys = [self._keys.get(key) or self._keys.setdefault(key, _to_json(key)) for key in values]
        numbers = [repr(float(value)) for value in values.values()]
        shown = ",".join(
            [
                f"{key}:{number if number[-1] not in 'nf' else _NAMES[number]}"
                for key, number in zip(keys, numbers, strict=True)
            ]
        )
        counted = ",".join([f"{key}:{ordinal}" for key, ordinal in zip(keys, ordinals.values(), strict=True)])
        field = self._steps.get(step)
        if field is None:
            field = self._steps[step] = f',"step":{_to_json(step)}'
        return (
            f'{self._head},"seq":{seq},"at":"{self._moment(at_s)}","kind":"metric"{field}'
            f',"values":{{{shown}}},"ordinals":{{{counted}}}}}'
        ).encode()

    def _moment(self, at_s: float) -> str:
        second, microsecond = divmod(round(at_s * 1e6), 1_000_000)
        if second != self._second:
            self._second = second
            self._second_text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{microsecond:06}Z"


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
