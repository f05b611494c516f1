"""The line of a metric event, written without building the event.

A training loop reports little else, thousands of times a second, in the interpreter that it shares with the
encoder. `wire.Event` takes several times as long to check and write what is known to be right here; the line
is the same but for how JSON may write a number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

#: How numbers travel that JSON does not have.
_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
#: Forms that are kept. A loop has a few; who makes up names as it goes gets each one anew.
_FORMS_AT_MOST = 256


class MetricLines:
    """Writes the lines of one producer."""

    def __init__(self, job: str, attempt: int, producer: str) -> None:
        identity = {"schema_version": 1, "job": job, "attempt": attempt, "producer": producer}
        self._head = _to_json(identity)[:-1]
        #: Step and keys → such an event's line, with holes for `%`.
        self._forms: dict[tuple[str | None, ...], bytes] = {}
        self._second = -1
        self._second_text = b""

    def write(
        self,
        seq: int,
        at_s: float,
        step: str | None,
        values: Mapping[str, float],
        ordinals: Mapping[str, int],
    ) -> bytes:
        """Return the line, without an end.

        Args:
            seq: The event's number.
            at_s: Seconds since 1970.
            step: The phase that was reported from, if any.
            values: The numbers, by their names.
            ordinals: Which point of its series each number is; the same names in the same order.

        Raises:
            UnicodeEncodeError: A name holds half a character, which no line can.
            OverflowError: A whole number is larger than any float.
        """
        shape = (step, *values)
        form = self._forms.get(shape) or self._add_form(shape)
        second, microsecond = divmod(round(at_s * 1e6), 1_000_000)
        if second != self._second:
            self._second = second
            self._second_text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
        numbers: list[Any] = [float(value) for value in values.values()]
        if not isfinite(sum(numbers)):  # or each is, and only their sum too large: looked at for nothing
            numbers = [number if isfinite(number) else _Named(number) for number in numbers]
        return form % (seq, self._second_text, microsecond, *numbers, *ordinals.values())

    def _add_form(self, shape: tuple[str | None, ...]) -> bytes:
        if len(self._forms) >= _FORMS_AT_MOST:
            self._forms.clear()
        step, *keys = shape
        names = [_to_form(key) for key in keys]
        field = "" if step is None else f',"step":{_to_form(step)}'
        values = ",".join([f"{name}:%a" for name in names])
        ordinals = ",".join([f"{name}:%d" for name in names])
        form = (
            f'{_escape(self._head)},"seq":%d,"at":"%s.%06dZ","kind":"metric"{field}'
            f',"values":{{{values}}},"ordinals":{{{ordinals}}}}}'
        ).encode()
        self._forms[shape] = form
        return form


class _Named(float):
    """A number that JSON has no way to write; `%a` writes its name."""

    def __repr__(self) -> str:
        return f'"{_NAMES[super().__repr__()]}"'


def _to_form(value: object) -> str:
    return _escape(_to_json(value))


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
