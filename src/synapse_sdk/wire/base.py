"""What every wire value shares: frozen, versioned, tolerant of fields that a newer writer added."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from synapse_sdk._internal.clock import iso_z

#: An aware UTC moment, on the wire as ISO 8601 with microseconds, ending in `Z`.
Moment = Annotated[datetime, PlainSerializer(iso_z, return_type=str, when_used="json")]


class WireModel(BaseModel):
    """Base of wire values.

    Readers ignore unknown fields, so a value written by the next version is read by this one. Non-finite
    numbers travel as the strings "NaN", "Infinity" and "-Infinity", because JSON has no others.
    """

    # Built when first used: a reader of outcomes need not pay for envelopes.
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings", defer_build=True)

    schema_version: int = 1
