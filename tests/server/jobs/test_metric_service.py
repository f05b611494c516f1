"""How many points a chart gets."""

from __future__ import annotations

import pytest
from tests.server.jobs.desk import make_metric

from synapse_sdk.server.jobs.metric_service import POINTS_MIN


@pytest.fixture
def read(server, desk):
    """Read a job of four series with 600 points each, as somebody who may."""
    job = desk.start_one()["job"]
    numbers = {"a": 1.0, "b": 2.0, "c": 3.0, "global_step": 4.0}
    desk.send(job, (make_metric(job, seq, float(seq), **numbers) for seq in range(1, 601)))
    principal = server.services.accounts.authenticate(server.token())
    return lambda **options: server.services.jobs.metrics.read(principal, job, points=500, **options)


def test_many_series_share_what_their_page_may_hold(read):
    assert all(250 <= len(drawn.buckets) <= 500 for drawn in read())
    shared = read(points_in_all=800)
    assert len(shared) == 4  # the positions are not drawn
    assert all(100 <= len(drawn.buckets) <= 200 for drawn in shared)
    assert all(len(drawn.buckets) >= POINTS_MIN // 2 for drawn in read(points_in_all=1))


def test_a_bucket_stands_where_its_first_point_does(read):
    for points_in_all in (800, 200):  # summed up from points; from stored summaries
        loss = next(
            drawn
            for drawn in read(x_axis="global_step", points_in_all=points_in_all)
            if drawn.series.key == "loss"
        )
        assert [row[-1] for row in loss.buckets] == [4.0] * len(loss.buckets)
        assert sum(row[2] for row in loss.buckets) == 600
        assert [row[0] for row in loss.buckets] == sorted(row[0] for row in loss.buckets)
