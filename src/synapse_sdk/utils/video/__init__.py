"""What a video is, asked of ffprobe. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.utils.video.vfr_check import VideoAnalysisError as VideoAnalysisError
    from synapse_sdk.utils.video.vfr_check import VideoFrameRateError as VideoFrameRateError
    from synapse_sdk.utils.video.vfr_check import is_variable_frame_rate as is_variable_frame_rate
    from synapse_sdk.utils.video.vfr_check import (
        validate_constant_frame_rate as validate_constant_frame_rate,
    )

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "VideoAnalysisError": "vfr_check",
        "VideoFrameRateError": "vfr_check",
        "is_variable_frame_rate": "vfr_check",
        "validate_constant_frame_rate": "vfr_check",
    },
)
