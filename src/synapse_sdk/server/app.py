"""The server's application: its subjects, wired together."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from synapse_sdk._version import __version__
from synapse_sdk.server.accounts.routes import router as accounts_router
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.data.routes import router as data_router
from synapse_sdk.server.data.service import DataService
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.db import Database
from synapse_sdk.server.db.migrate import migrate
from synapse_sdk.server.http.handlers import install_handlers
from synapse_sdk.server.http.host_check import LOOPBACK_HOSTS, HostCheck
from synapse_sdk.server.http.once import Once, once_of
from synapse_sdk.server.http.openapi import install_openapi
from synapse_sdk.server.http.principal import Principal
from synapse_sdk.server.jobs.output_routes import router as outputs_router
from synapse_sdk.server.jobs.output_service import OutputService
from synapse_sdk.server.jobs.routes import router as jobs_router
from synapse_sdk.server.jobs.subject import JobsSubject, inputs_of_job, is_release_given, release_of_job
from synapse_sdk.server.registry.routes import router as registry_router
from synapse_sdk.server.registry.service import RegistryService
from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.storage.pack_folder import PackFolder


@dataclass(frozen=True, slots=True)
class Services:
    """What routes and the console call; `app.state.services`."""

    folder: DataFolder
    database: Database
    #: The bytes of all contents.
    files: ContentFiles
    accounts: AccountService
    registry: RegistryService
    data: DataService
    jobs: JobsSubject
    outputs: OutputService

    def once(self, principal: Principal, key: str | None, what: str) -> Once:
        """Return the idempotency key of a form; see `once_of`."""
        return once_of(principal, key, what)


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
    files = ContentFiles(database, BlobStore(folder.blobs), PackFolder(folder.packs))
    registry = RegistryService(
        database,
        files,
        uploads=folder.uploads,
        release_of_job=release_of_job(database),
        is_given=is_release_given(database),
    )
    data = DataService(
        database,
        files.blobs,
        root=folder.root,
        uploads=folder.uploads,
        contents=registry,
        inputs_of_job=inputs_of_job(database),
    )
    jobs = JobsSubject(database, accounts, registry=registry, find_input=data.find_input, folder=folder.jobs)
    return Services(
        folder=folder,
        database=database,
        files=files,
        accounts=accounts,
        registry=registry,
        data=data,
        jobs=jobs,
        outputs=OutputService(database, registry.require_contents),
    )


@asynccontextmanager
async def _live(app: FastAPI) -> AsyncIterator[None]:
    """Do what a server does besides answering, as long as it runs."""
    services: Services = app.state.services
    services.jobs.reaper.start()
    # What is here now stays, and no collection of garbage need look at it again. Reading a manifest of 10,000
    # files sets off collections that took longer than writing its rows.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        services.jobs.end_waiting()
        services.jobs.reaper.stop()
        services.accounts.flush_refusals()


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
        lifespan=_live,
    )
    app.state.services = services
    install_handlers(app)
    install_openapi(app)
    app.add_middleware(HostCheck, hosts=hosts, record=partial(services.accounts.record_refusal, None))
    app.include_router(accounts_router)
    app.include_router(registry_router)
    app.include_router(data_router)
    app.include_router(jobs_router)
    app.include_router(outputs_router)

    @app.get("/health/", tags=["server"])
    def health() -> dict[str, str]:
        """Say that the server answers; needs no token."""
        return {"status": "ok", "version": __version__}

    return app
