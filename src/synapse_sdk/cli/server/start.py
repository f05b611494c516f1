"""`synapse server start`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.data_folder import DataFolder


@click.command("start")
@with_output
@with_data_folder
@click.option("--host", default="127.0.0.1", help="Address to listen on (default: 127.0.0.1).")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, help="Port; 0 for any free one (default: 8000)."
)
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, help="Another name it is reached by; repeatable."
)
@click.option("--path-prefix", default="", help="What a proxy takes off each path, such as /synapse.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate chain (PEM).")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its private key (PEM).")
@click.option("--allow-plain-http", is_flag=True, help="Serve in clear text elsewhere than on loopback.")
@click.option(
    "--agent/--no-agent", "has_agent", default=True, help="Run jobs on this machine too (default: yes)."
)
def start(
    output: Output,
    folder: DataFolder,
    host: str,
    port: int,
    allowed_hosts: tuple[str, ...],
    path_prefix: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    allow_plain_http: bool,
    has_agent: bool,
) -> int:
    """Serve one data folder until Ctrl-C or SIGTERM. Jobs that run go on without it.

    Listens on this machine only, unless --host says otherwise.
    """
    from synapse_sdk._internal.extras import install_command, require

    require("uvicorn", install=install_command("server"), why="run a server")
    from synapse_sdk.console.app import mount_console
    from synapse_sdk.server.process import ServerConfig, serve

    config = ServerConfig(
        data_dir=folder.root,
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
        path_prefix=path_prefix,
        tls_certificate=tls_cert,
        tls_key=tls_key,
        allows_plain_http=allow_plain_http,
        has_agent=has_agent,
    )

    def say_ready(url: str) -> None:
        if output.as_json:
            output.document({"url": url, "data_dir": str(folder.root)})
            output.out.flush()
        output.say(f"Synapse server at {url}, data in {folder.root}. Stop it with Ctrl-C.")
        output.say(f"Console: {url}/console/   sign in with: synapse server link --data-dir {folder.root}")

    serve(config, on_ready=say_ready, extend=mount_console)
    output.say("The server has ended.")
    return ExitCode.DONE
