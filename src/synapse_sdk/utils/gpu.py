"""The GPU that has most room."""

from __future__ import annotations

import os
import subprocess
import warnings

__all__ = ["get_best_gpu"]

#: The driver's own tool answers in far less than a second, unless a GPU hangs.
_TIMEOUT_S = 10.0


def get_best_gpu(fallback: str = "cuda:0") -> str:
    """Return the GPU with most free memory, as torch names devices: `cuda:1`.

    Where `CUDA_VISIBLE_DEVICES` names some, only these count, by their place in it. GPUs are numbered as on
    the bus; set `CUDA_DEVICE_ORDER=PCI_BUS_ID` on machines with several kinds, so that torch does the same.

    Args:
        fallback: What is returned where there is no driver or no GPU; and, with a warning, where the driver
            does not answer.
    """
    command = ["nvidia-smi", "--query-gpu=index,uuid,memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S)
        found = [_parse(line) for line in answer.stdout.splitlines() if line.strip()]
    except FileNotFoundError:
        return fallback
    except (subprocess.SubprocessError, ValueError) as error:
        warnings.warn(
            f"nvidia-smi can not say which GPU has room ({error}); {fallback} is used.", stacklevel=2
        )
        return fallback
    free_mib = _free_by_device(found, os.environ.get("CUDA_VISIBLE_DEVICES"))
    return f"cuda:{max(free_mib, key=free_mib.__getitem__)}" if free_mib else fallback


def _parse(line: str) -> tuple[str, str, int]:
    index, uuid, free_mib = (part.strip() for part in line.split(","))
    return index, uuid, int(free_mib)


def _free_by_device(found: list[tuple[str, str, int]], visible: str | None) -> dict[int, int]:
    """Return MiB that are free, by the number that CUDA gives to a device."""
    if visible is None:
        return {int(index): free for index, _, free in found}
    free_by_device: dict[int, int] = {}
    for name in (part.strip() for part in visible.split(",")):
        # CUDA takes an index or the beginning of a UUID, and stops at the first that names nothing.
        matches = (free for index, uuid, free in found if name and (name == index or uuid.startswith(name)))
        if (match := next(matches, None)) is None:
            break
        free_by_device[len(free_by_device)] = match
    return free_by_device
