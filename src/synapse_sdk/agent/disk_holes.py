"""Give back a file's disk where it is no longer read, without changing its size or its offsets.

A process that appends to the file notices nothing: unlike cutting it, this loses no byte that is written
meanwhile.
"""

from __future__ import annotations

import ctypes
import errno
import os

#: Of Linux, `man 2 fallocate`.
_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02
#: File systems that can not do it, and kernels.
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV, errno.EINVAL)


def release_range(descriptor: int, start: int, end: int) -> bool:
    """Free the disk below the bytes from `start` to `end`, which read as zeros from then on.

    Returns:
        False where the file system can not do it; nothing has changed then.

    Raises:
        OSError: It could, and failed.
    """
    fallocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if fallocate is None:
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if fallocate(descriptor, _KEEP_SIZE | _PUNCH_HOLE, start, end - start) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number))
