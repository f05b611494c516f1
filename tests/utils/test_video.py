"""The frame rate of a video, by an ffprobe that says what the test wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.utils.video import (
    VideoAnalysisError,
    VideoFrameRateError,
    is_variable_frame_rate,
    validate_constant_frame_rate,
)


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video whose text is what ffprobe says of it; without any, ffprobe fails."""
    programs = tmp_path / "programs"
    programs.mkdir()
    probe = programs / "ffprobe"
    probe.write_text('#!/bin/sh\nfor last; do :; done\nexec grep . "${last#file:}"\n')
    probe.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return tmp_path / "a film.mp4"


def write(video: Path, *times_s: float) -> Path:
    video.write_text("".join(f"{time_s}\n" for time_s in times_s))
    return video


def test_even_pictures_are_constant(video: Path):
    write(video, 0.0, 0.04, 0.12, 0.08)  # packets come in another order than they are shown

    assert is_variable_frame_rate(str(video)) is False
    validate_constant_frame_rate(video)


def test_uneven_pictures_are_refused_with_a_way_on(video: Path):
    write(video, 0.0, 0.04, 0.2, 0.21)

    assert is_variable_frame_rate(video) is True
    with pytest.raises(VideoFrameRateError, match=r"The frame rate of a film\.mp4 varies") as caught:
        validate_constant_frame_rate(video)
    assert "ffmpeg" in (caught.value.hint or "")


def test_what_can_not_be_looked_at_is_not_called_even(video: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(VideoAnalysisError, match="ffprobe can not read it"):
        is_variable_frame_rate(write(video))

    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(VideoAnalysisError, match="ffprobe, which comes with ffmpeg, is not installed"):
        validate_constant_frame_rate(video)
