"""Summaries of 256 metric points, between those of 32 and 1,024: made from the narrow ones that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FILL = """
INSERT INTO metric_bucket (workspace_id, series_id, width, "index", point_count, finite_count, minimum,
    maximum, total, last_ordinal, epoch, global_step)
SELECT first.workspace_id, first.series_id, 256, found.place, found.point_count, found.finite_count,
    found.minimum, found.maximum, found.total, found.last_ordinal, first.epoch, first.global_step
FROM (
    SELECT series_id, "index" / 8 AS place, min("index") AS first_index, sum(point_count) AS point_count,
        sum(finite_count) AS finite_count, min(minimum) AS minimum, max(maximum) AS maximum,
        sum(total) AS total, max(last_ordinal) AS last_ordinal
    FROM metric_bucket WHERE width = 32 GROUP BY series_id, "index" / 8
) AS found
JOIN metric_bucket AS first
    ON first.series_id = found.series_id AND first.width = 32 AND first."index" = found.first_index
"""


def upgrade() -> None:
    """Fill them in."""
    op.get_bind().execute(sa.text(_FILL))
