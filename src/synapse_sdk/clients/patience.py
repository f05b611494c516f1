"""How long a server is waited for, and how often it is asked again. Kept by themselves: they load nothing."""

from __future__ import annotations

from typing import Final

#: A machine that is there answers at once; one that is not should be told about within 3 s.
CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 30.0
#: Waits before sending again what the server could not take just now.
RETRY_WAITS_S: Final = (0.5, 1.5, 4.0)
#: A server that asks for a longer wait is asked again after this one.
RETRY_AFTER_LIMIT_S: Final = 60.0
