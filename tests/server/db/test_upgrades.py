"""From every schema that was ever shipped to this one, with everything that was there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.server.db.old_databases import REVISIONS, make_data_folder, read_rows

from synapse_sdk.server.app import Services, open_services
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.http.principal import Principal
from synapse_sdk.server.jobs.secret_store import find_secrets

JOB = "01890000-0000-7000-8000-000000000001"


@contextmanager
def opened(folder: DataFolder) -> Iterator[Services]:
    services = open_services(folder)
    try:
        yield services
    finally:
        services.database.close()


def check_accounts(services: Services, owner: Principal) -> None:
    assert (owner.account_name, owner.role) == ("owner", "admin")
    assert services.accounts.authenticate_session("old cookie")[1] == "csrf"
    entries = services.accounts.list_audit_entries(owner, before=None, limit=10)
    assert [entry["detail"] for entry in entries] == ["no token"]


def check_registry(services: Services, owner: Principal) -> None:
    release = services.registry.releases.get_release(owner, "digits@0.1.0")
    assert (release.plugin_code, release.version, release.file_count) == ("digits", "0.1.0", 1)


def check_data(services: Services, owner: Principal) -> None:
    version = services.data.datasets.get_version(owner, 1, 1)
    assert (version.dataset_name, version.item_count) == ("numbers", 1)
    assert services.data.models.get_model(owner, 1).name == "best"
    assert services.data.files.get_data_file(owner, 1).name == "a.txt"


def check_jobs(services: Services, owner: Principal) -> None:
    job, document, attempts = services.jobs.jobs.get_details(owner, JOB)
    assert (job.state, document.result, len(attempts)) == ("SUCCEEDED", {"loss": 0.5}, 1)
    _, events = services.jobs.events.read(owner, "1", after=0, limit=10)
    assert [event.cursor for event in events] == [1, 2]
    assert '"text":"hello"' in events[0].line
    (series,) = services.jobs.metrics.read(owner, JOB, step=None, key="loss", points=10, x_axis="ordinal")
    assert "0.5" in str(series)


def check_outputs(services: Services, owner: Principal) -> None:
    found = services.outputs.list_outputs(owner, JOB, attempt=None, after="", limit=10)
    assert [item.path for item in found] == ["report.txt"]


def check_packs(services: Services, owner: Principal) -> None:
    stored = services.files.get("sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
    assert (stored.path.name, stored.offset, stored.size_bytes) == ("old.pack", 67, 1)


def check_secrets(services: Services, owner: Principal) -> None:
    job, document, _ = services.jobs.jobs.get_details(owner, JOB)
    assert "hush" not in str(document)
    with services.database.read() as connection:
        assert find_secrets(connection, job.key) == {"token": "hush"}


#: What the rows that came with a schema must still be, to those who ask for them.
CHECKS: dict[str, Callable[[Services, Principal], None]] = {
    "0001": check_accounts,
    "0002": check_registry,
    "0003": check_data,
    "0004": check_jobs,
    "0005": check_outputs,
    "0008": check_packs,
    "0009": check_secrets,
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_an_older_server_kept_is_there_after_the_upgrade(tmp_path: Path, revision: str):
    folder = make_data_folder(tmp_path / "data", revision)
    before = read_rows(folder.database)

    with opened(folder) as services:
        owner = services.accounts.authenticate("syn_user_old")
        for known, check in CHECKS.items():
            if known <= revision:
                check(services, owner)

    after = read_rows(folder.database)
    assert after["alembic_version"] == [{"version_num": REVISIONS[-1]}]
    del before["alembic_version"]
    before["token"][0]["last_used_at"] = after["token"][0]["last_used_at"]
    for table in before.keys() & after.keys():
        columns = before[table][0].keys() & after[table][0].keys()
        kept = [{name: row[name] for name in columns} for row in after[table]]
        assert [{name: row[name] for name in columns} for row in before[table]] == kept[: len(before[table])]


def test_the_database_as_it_was_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = make_data_folder(tmp_path / "data", REVISIONS[0])
    before = read_rows(folder.database)

    for _ in range(2):  # the second time there is nothing to bring up
        with opened(folder):
            pass

    (copy,) = (file for file in folder.database.parent.glob("*.db") if file != folder.database)
    assert copy.name == f"before-upgrade-from-{REVISIONS[0]}.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert read_rows(copy) == before
    assert [str(copy) in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_table_of_every_schema_has_a_row_to_lose(tmp_path: Path, revision: str):
    rows = read_rows(make_data_folder(tmp_path / "data", revision).database)

    assert [table for table, found in rows.items() if not found] == []


#: Opens a data folder as a server does, and is killed at one of its statements.
_KILLED_AT = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from synapse_sdk.server.app import open_services
from synapse_sdk.server.data_folder import DataFolder

left = int(sys.argv[2])

@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def count(connection, cursor, statement, *_):
    global left
    if statement.lstrip().split()[0].upper() in ("CREATE", "ALTER", "INSERT", "UPDATE", "DROP", "DELETE"):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

open_services(DataFolder(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("statement", [1, 8, 25])
def test_an_upgrade_that_is_killed_leaves_the_old_database(tmp_path: Path, statement: int):
    folder = make_data_folder(tmp_path / "data", REVISIONS[0])
    before = read_rows(folder.database)

    words = [sys.executable, "-c", _KILLED_AT, str(folder.root), str(statement)]
    assert subprocess.run(words, env=dict(os.environ), check=False).returncode == -signal.SIGKILL

    assert read_rows(folder.database) == before
    with opened(folder) as services:
        check_accounts(services, services.accounts.authenticate("syn_user_old"))


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path, synapse):
    folder = make_data_folder(tmp_path / "data", REVISIONS[-1])
    with sqlite3.connect(folder.database) as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    plain.close()
    before = read_rows(folder.database)

    said = synapse("server", "start", "--data-dir", folder.root, "--port", "0", "--no-agent")

    assert said.returncode != 0, said
    assert "has the schema '9999', which this version of the server does not know" in said.stderr
    assert "Upgrade synapse-sdk" in said.stderr
    assert "Traceback" not in said.stderr
    assert read_rows(folder.database) == before
