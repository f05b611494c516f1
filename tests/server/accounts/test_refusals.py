"""What a flood of refusals leaves behind."""

from __future__ import annotations

import httpx
import sqlalchemy as sa

from synapse_sdk.server.accounts.refusals import ENTRIES_PER_WINDOW
from synapse_sdk.server.accounts.tables import audit_entries


def count_rows(server):
    with server.services.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(audit_entries)).scalar_one()


def refused(server):
    return server.client().get("audit/")["results"]


def test_equal_refusals_are_one_entry_with_a_count(server):
    with httpx.Client(base_url=server.url) as client:
        for _ in range(50):
            assert client.get("/jobs/").status_code == 401

    (entry,) = refused(server)

    assert (entry["who"], entry["what"], entry["outcome"]) == ("nobody", "GET /jobs/", "refused")
    assert entry["detail"].endswith("(50 times within a minute)")


def test_odd_addresses_do_not_fill_the_disk(server):
    with httpx.Client(base_url=server.url) as client:
        for number in range(200):
            assert client.get(f"/jobs/{number}/").status_code == 401

    entries = refused(server)

    assert count_rows(server) == len(entries) == ENTRIES_PER_WINDOW + 1
    assert entries[0]["detail"].endswith(f"({200 - ENTRIES_PER_WINDOW} times within a minute)")
    assert entries[-1]["what"] == "GET /jobs/0/"


def test_a_flood_of_one_does_not_hide_another(server):
    with httpx.Client(base_url=server.url) as client:
        for number in range(ENTRIES_PER_WINDOW + 10):
            client.get(f"/jobs/{number}/")
        headers = {"Authorization": f"Token {server.token('viewer')}"}
        assert client.get("/audit/", headers=headers).status_code == 403

    assert refused(server)[0]["who"] == "test-viewer"


def test_what_was_only_counted_is_written_when_the_server_ends(server):
    accounts = server.services.accounts
    for _ in range(3):
        accounts.record_refusal(None, "GET /x/", "no")
    accounts.flush_refusals()

    with server.services.database.read() as connection:
        assert connection.execute(sa.select(audit_entries.c.detail)).scalars().all() == [
            "no (3 times within a minute)"
        ]
