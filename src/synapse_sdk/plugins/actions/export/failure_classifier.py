"""From an error to the message code that a person is told it by.

Decided by the kinds of the errors in a chain of causes, not by their words.
"""

from __future__ import annotations

import errno
from json import JSONDecodeError

from synapse_sdk.clients import errors as client
from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode as Code
from synapse_sdk.plugins.actions.failed_step import extract_failed_step, iter_causes

__all__ = ["classify_export_error", "extract_failed_step"]

#: The first that fits counts.
_CODE_BY_KIND: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Code], ...] = (
    (client.RateLimitError, Code.EXPORT_FAILED_RATE_LIMITED),
    ((client.AuthenticationError, client.AuthorizationError), Code.EXPORT_FAILED_AGENT_PERMISSION),
    (client.ValidationError, Code.EXPORT_FAILED_BAD_REQUEST),
    (client.ClientTimeoutError, Code.EXPORT_FAILED_READ_TIMEOUT),
    (client.ClientResponseIncompleteError, Code.EXPORT_FAILED_RESPONSE_INCOMPLETE),
    (client.ClientConnectionError, Code.EXPORT_FAILED_SERVER_CONNECTION),
    (client.ServerError, Code.EXPORT_FAILED_TRANSIENT),
    (ImportError, Code.EXPORT_FAILED_PLUGIN_ENVIRONMENT),
    (FileNotFoundError, Code.EXPORT_FAILED_FILE_NOT_FOUND),
    (FileExistsError, Code.EXPORT_FAILED_FILE_ALREADY_EXISTS),
    (JSONDecodeError, Code.EXPORT_FAILED_DATA_FORMAT),
)


def classify_export_error(error: BaseException) -> Code:
    """Return the code for an error: of the first cause that has one, else of the step that failed."""
    for cause in iter_causes(error):
        for kind, code in _CODE_BY_KIND:
            if isinstance(cause, kind):
                return code
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return Code.EXPORT_FAILED_LARGE_DATA
    return Code.EXPORT_FAILED_STEP if extract_failed_step(error) else Code.EXPORT_FAILED_ADMIN_CONTACT
