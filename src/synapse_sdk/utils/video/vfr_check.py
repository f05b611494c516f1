"""Whether a video's pictures follow each other evenly, as uploads of video ask it.

Source: interface sheet `actions.md` §7.5. Unlike there, nothing is called even that could not be looked at.
"""

from __future__ import annotations

from pathlib import Path

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins.actions.upload.frame_rate import FrameRateError, has_even_frames

__all__ = [
    "VideoAnalysisError",
    "VideoFrameRateError",
    "is_variable_frame_rate",
    "validate_constant_frame_rate",
]


class VideoAnalysisError(SynapseError):
    """Nothing can be told about a video."""


class VideoFrameRateError(SynapseError):
    """A video's pictures do not follow each other evenly."""


def is_variable_frame_rate(video_path: str | Path) -> bool:
    """Do the times between a video's pictures differ by more than a millisecond?

    Args:
        video_path: The video. Its first 200 pictures are looked at.

    Raises:
        VideoAnalysisError: ffprobe is not there, or can not read it.
    """
    path = Path(video_path)
    try:
        return not has_even_frames(path)
    except FrameRateError as error:
        raise VideoAnalysisError(
            f"Nothing can be told about the frame rate of {path.name}: {error}.", {"path": str(path)}
        ) from error


def validate_constant_frame_rate(video_path: str | Path) -> None:
    """Refuse a video whose pictures do not follow each other evenly: labels count pictures.

    Raises:
        VideoFrameRateError: They do not.
        VideoAnalysisError: As `is_variable_frame_rate`.
    """
    if is_variable_frame_rate(video_path):
        path = Path(video_path)
        raise VideoFrameRateError(
            f"The frame rate of {path.name} varies, and labels count its pictures.",
            {"path": str(path)},
            hint=f"Make it even: ffmpeg -i {path.name} -vsync cfr -r 30 even-{path.name}",
        )
