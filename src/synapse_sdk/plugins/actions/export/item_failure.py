"""Why one item of an export failed, and whether the others can do any better."""

from __future__ import annotations

import errno

from synapse_sdk._internal.errors import SynapseError, read_words
from synapse_sdk.plugins.errors import MissingClientError

#: Nothing is left to write to.
_HOPELESS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def explain(error: BaseException) -> str:
    """Return why one item failed, in a sentence."""
    words = error.message if isinstance(error, SynapseError) else read_words(error)
    return (
        words
        if isinstance(error, SynapseError | ValueError) and words
        else f"{type(error).__name__}: {words}"
    )


def is_hopeless(error: BaseException) -> bool:
    """Would every other item fail of this as well?"""
    return isinstance(error, MissingClientError) or (isinstance(error, OSError) and error.errno in _HOPELESS)
