"""A video → whether its pictures follow each other evenly. Labels count pictures; uneven ones shift them.

Source: interface sheet `actions.md` §7.5. Where nothing can be told, that is said, and nothing is refused.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
from itertools import pairwise
from pathlib import Path

#: Pictures that are looked at.
SAMPLED_FRAMES = 200
#: Standard deviation of the time between two pictures from which on they are uneven.
TOLERANCE_S = 0.001
_TIMEOUT_S = 60.0


class FrameRateError(Exception):
    """Nothing can be told about a video."""


def has_even_frames(video: Path) -> bool:
    """Does the same time pass between each two pictures?

    Raises:
        FrameRateError: ffprobe is not there, or can not read it.
    """
    program = shutil.which("ffprobe")
    if program is None:
        raise FrameRateError("ffprobe, which comes with ffmpeg, is not installed here")
    command = [program, "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time"]
    command += ["-read_intervals", f"%+#{SAMPLED_FRAMES}", "-of", "csv=p=0", "-i", f"file:{video}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
        times = sorted(float(line.strip().rstrip(",")) for line in answer.stdout.split())
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise FrameRateError(f"ffprobe can not read it ({type(error).__name__})") from error
    steps = [after - before for before, after in pairwise(times)]
    return len(steps) < 2 or statistics.pstdev(steps) <= TOLERANCE_S
