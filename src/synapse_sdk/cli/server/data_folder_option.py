"""The one option that all `synapse server` commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from synapse_sdk.cli.output import Output


def with_data_folder(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--data-dir`, and the `DataFolder` after its output."""

    @click.option(
        "--data-dir", type=click.Path(path_type=Path), help="The server's folder (default: your own)."
    )
    @wraps(function)
    def command(output: Output, *args: Any, data_dir: Path | None, **options: Any) -> Any:
        from synapse_sdk._internal.extras import install_command, require
        from synapse_sdk.settings import load_settings

        require("sqlalchemy", install=install_command("server"), why="run a server")
        from synapse_sdk.server.data_folder import DataFolder

        folder = DataFolder((data_dir or load_settings().server_data_dir).absolute())
        return function(output, folder, *args, **options)

    return command
