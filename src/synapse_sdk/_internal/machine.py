"""What this machine has."""

from __future__ import annotations

import os
from pathlib import Path

#: One entry per GPU, from NVIDIA's kernel driver.
_NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")


def count_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_gpus() -> int:
    """Return how many NVIDIA GPUs the kernel knows; 0 without a driver."""
    return sum(1 for _ in _NVIDIA_GPUS.iterdir()) if _NVIDIA_GPUS.is_dir() else 0
