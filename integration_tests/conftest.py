"""What the tests of the light frameworks use, too."""

from __future__ import annotations

from tests.integrations.conftest import reports

__all__ = ["reports"]
