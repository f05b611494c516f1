"""From an error to the message code that a person is told it by.

Decided by the kinds of the errors in a chain of causes. Only a framework's want of memory is known by name:
its class is not ours to import. Source: interface sheet `actions.md` §2.5.
"""

from __future__ import annotations

import errno
from typing import Any

from synapse_sdk._internal.errors import read_words
from synapse_sdk.plugins.actions.failed_step import extract_failed_step, iter_causes
from synapse_sdk.plugins.actions.train.log_messages import TrainLogMessageCode as Code
from synapse_sdk.plugins.errors import RayNotInstalledError, ValidationError

__all__ = ["classify_train_error", "extract_failed_step"]

#: Classes of PyTorch, JAX and CuPy.
_OUT_OF_MEMORY = frozenset({"OutOfMemoryError", "XlaRuntimeError", "CUDAOutOfMemoryError"})
#: How older PyTorch, and what is built on CUDA, begin to say it.
_OUT_OF_MEMORY_WORDS = ("CUDA out of memory", "CUDA error: out of memory", "RESOURCE_EXHAUSTED")
_UPLOAD_STEP = "model_upload"


def classify_train_error(error: BaseException) -> tuple[Code, dict[str, Any]]:
    """Return the code for an error, and what fills its text.

    The first cause that has a code counts; else the step that failed.
    """
    step = extract_failed_step(error)
    for cause in iter_causes(error):
        words = read_words(cause) or type(cause).__name__
        if _is_out_of_memory(cause, words):
            return Code.TRAIN_FAILED_GPU_RESOURCE, {"detail": words}
        if isinstance(cause, RayNotInstalledError) or _is_of_ray(cause):
            return Code.TRAIN_FAILED_RAY_CONNECTION, {}
        if isinstance(cause, ValidationError) or type(cause).__name__ == "ValidationError":
            return Code.TRAIN_FAILED_CONFIG, {"error": words}
    if step == _UPLOAD_STEP:
        return Code.TRAIN_FAILED_MODEL_REGISTER, {"error": read_words(error)}
    if step is not None:
        return Code.TRAIN_FAILED_STEP, {"failed_step": step}
    return Code.TRAIN_FAILED_ADMIN_CONTACT, {}


def _is_out_of_memory(cause: BaseException, words: str) -> bool:
    if isinstance(cause, OSError):
        return cause.errno == errno.ENOMEM
    if isinstance(cause, MemoryError):
        return True
    is_named = type(cause).__name__ in _OUT_OF_MEMORY
    return is_named or (isinstance(cause, RuntimeError) and words.startswith(_OUT_OF_MEMORY_WORDS))


def _is_of_ray(cause: BaseException) -> bool:
    return isinstance(cause, ConnectionError) and type(cause).__module__.partition(".")[0] == "ray"
