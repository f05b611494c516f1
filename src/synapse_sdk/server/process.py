"""One server process: listens, serves, drains when it is told to end."""

from __future__ import annotations

import ctypes
import gc
import ipaddress
import json
import os
import re
import resource
import signal
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.server.app import Services, create_app, open_services
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.embedded_agent import EmbeddedAgent
from synapse_sdk.server.http.host_check import LOOPBACK_HOSTS
from synapse_sdk.server.http.patience import PatientProtocol

#: How long requests that are being answered may take once the server was told to end.
DRAIN_S = 10
#: New objects, as the garbage collector counts them, before it looks for cycles among them.
GC_THRESHOLD = 50_000
#: Enough for every client of a team; more would only feed a flood.
_OPEN_FILES = 16_384
#: Memory that was given back and is kept all the same; and from which size on a piece is never kept.
KEPT_BYTES = 16 * 1024**2
KEPT_PIECE_BYTES = 1024**2
#: As malloc.h of the GNU C library numbers what can be set.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


class ServerConfigError(SynapseError):
    """The server can not be started like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """How to serve."""

    data_dir: Path
    host: str = "127.0.0.1"
    #: 0: any free one.
    port: int = 8000
    #: Names besides loopback's that the server answers to.
    allowed_hosts: Collection[str] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    #: Serve in clear text elsewhere than on loopback, behind a proxy that speaks TLS for instance.
    allows_plain_http: bool = False
    #: What a proxy in front takes off every path, such as `/synapse`; links and cookies get it back.
    path_prefix: str = ""
    #: Run jobs on this machine too.
    has_agent: bool = True


def serve(
    config: ServerConfig,
    *,
    on_ready: Callable[[str], None],
    extend: Callable[[FastAPI, Services], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: How.
        on_ready: Called with the server's address as soon as it listens.
        extend: Adds what is served beside the API, such as the console.

    Raises:
        ServerConfigError: The address can not be used, or would send tokens in clear text.
        DataFolderError, DatabaseError: The data folder can not be used.
    """
    _check_exposure(config)
    _check_prefix(config.path_prefix)
    folder = DataFolder(config.data_dir.absolute())
    with folder.claimed():
        _allow_many_connections()
        services = open_services(folder)
        listener = _listen(config)
        url = _url(config, listener)
        app = create_app(services, hosts=[*LOOPBACK_HOSTS, config.host, *config.allowed_hosts])
        if extend is not None:
            extend(app, services)
        server = _Server(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                ws="none",
                log_level="warning",
                access_log=False,  # addresses may hold what should not be kept
                timeout_graceful_shutdown=DRAIN_S,
                ssl_certfile=config.tls_certificate,
                ssl_keyfile=config.tls_key,
                server_header=False,
                root_path=config.path_prefix,
            ),
            on_drain=services.jobs.end_waiting,
        )
        _collect_garbage_seldom()
        _keep_freed_memory()
        atomic_write(folder.server_file, json.dumps({"url": url, "pid": os.getpid()}).encode())
        agent = EmbeddedAgent(services.accounts, folder.agent, url=url) if config.has_agent else None
        try:
            if agent is not None:
                agent.start()
            on_ready(url)
            server.run(sockets=[listener])
        finally:
            if agent is not None:
                agent.stop()
            folder.server_file.unlink(missing_ok=True)
            services.database.close()


class _Server(uvicorn.Server):
    """Ends by itself when told to; uvicorn's own sends the signal once more, as if it had not been heard."""

    def __init__(self, config: uvicorn.Config, *, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_drain = on_drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Streams and long polls would keep their connections until they are cut.
        self._on_drain()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _collect_garbage_seldom() -> None:
    """Leave what was imported out of garbage collections, and have fewer of them.

    A batch of events is tens of thousands of objects that go together; looking for cycles among them for
    every 700 takes a third of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)


def _keep_freed_memory() -> None:
    """Have the C library keep some memory that was given back, for what comes over a socket next.

    A body comes in pieces of 256 KiB. By default each is taken from the system, cleared, and given back: a
    seventh of the time that an upload takes. Elsewhere than with GNU's library nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(_M_MMAP_THRESHOLD, KEPT_PIECE_BYTES)
    mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)


def _allow_many_connections() -> None:
    """Take as many open files as the system grants: idle connections must not use up the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _check_exposure(config: ServerConfig) -> None:
    has_tls = config.tls_certificate is not None and config.tls_key is not None
    if (config.tls_certificate is None) != (config.tls_key is None):
        raise ServerConfigError("TLS needs both a certificate and its key: --tls-cert and --tls-key.")
    if _is_loopback(config.host) or has_tls or config.allows_plain_http:
        return
    raise ServerConfigError(
        f"{config.host} can be reached from other machines, and tokens would travel in clear text.",
        {"host": config.host},
        hint="Give --tls-cert and --tls-key; or --allow-plain-http if something in front speaks TLS.",
    )


def _check_prefix(prefix: str) -> None:
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ServerConfigError(
            f"{prefix!r} is no path prefix.",
            {"path_prefix": prefix},
            hint="Such as --path-prefix /synapse: a slash before each name, none at the end.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(config: ServerConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. An answer is two writes, head and body; without this the second one waits for
    # the client's acknowledgement of the first, up to 40 ms. asyncio sets it only on sockets that it makes.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise ServerConfigError(
            f"The server can not listen on {config.host}:{config.port}: {error.strerror}.",
            {"host": config.host, "port": config.port},
            hint="Choose another --port; 0 takes any free one.",
        ) from error
    return listener


def _url(config: ServerConfig, listener: socket.socket) -> str:
    scheme = "https" if config.tls_certificate else "http"
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"
