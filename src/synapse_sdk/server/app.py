"""The server's application: its subjects, wired together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fastapi import FastAPI

from synapse_sdk._version import __version__
from synapse_sdk.server.accounts.routes import router as accounts_router
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.db import Database
from synapse_sdk.server.db.migrate import migrate
from synapse_sdk.server.http.handlers import install_handlers
from synapse_sdk.server.http.host_check import LOOPBACK_HOSTS, HostCheck
from synapse_sdk.storage.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Services:
    """What routes and the console call; `app.state.services`."""

    folder: DataFolder
    database: Database
    blobs: BlobStore
    accounts: AccountService


def open_services(folder: DataFolder) -> Services:
    """Open a data folder: its database brought to the newest schema, the default workspace there.

    Raises:
        DataFolderError, DatabaseError: It was written by a newer server.
    """
    folder.prepare()
    database = Database(folder.database)
    migrate(database)
    accounts = AccountService(database)
    accounts.ensure_default_workspace()
    blobs = BlobStore(folder.blobs)
    return Services(folder=folder, database=database, blobs=blobs, accounts=accounts)


def create_app(services: Services, *, hosts: Collection[str] = LOOPBACK_HOSTS) -> FastAPI:
    """Build the application.

    Args:
        services: What it serves.
        hosts: Names that it answers to, without ports.
    """
    app = FastAPI(
        title="Synapse server",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # A path without its slash is another path: redirects would lose bodies and tokens.
        redirect_slashes=False,
    )
    app.state.services = services
    install_handlers(app)
    app.add_middleware(HostCheck, hosts=hosts)
    app.include_router(accounts_router)

    @app.get("/health/", tags=["server"])
    def health() -> dict[str, str]:
        """Say that the server answers; needs no token."""
        return {"status": "ok", "version": __version__}

    return app
