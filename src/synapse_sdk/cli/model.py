"""`synapse model`: look at saved models and take them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.jsonable import to_jsonable
from synapse_sdk._internal.units import format_moment, format_size
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.transfer_line import transfer_line
from synapse_sdk.cli.workspace_option import with_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.workspace.models import ModelStore
    from synapse_sdk.workspace.records import Model

model = LazyGroup(
    "model",
    help="Look at and export models. A run of a train action saves them.",
    entries={
        "list": Entry("synapse_sdk.cli.model:list_models", "List the models of this machine or server."),
        "show": Entry("synapse_sdk.cli.model:show", "Show a model, where it came from, and its state."),
        "export": Entry("synapse_sdk.cli.model:export", "Copy a model to a file or folder of yours."),
    },
)

_METRICS_IN_LIST = 2  # more do not fit beside the other columns


@click.command("list")
@with_output
@with_workspace
def list_models(output: Output, transport: Transport | None) -> None:
    """List the models of this machine or of the server, oldest first."""
    models = _load_models(transport)
    if output.as_json:
        output.document({"models": [_document(item) for item in models]})
        return
    if not models:
        output.say("There are no models yet. A run of a train action saves one: synapse plugin run train")
        return
    rows = []
    for item in models:
        metrics = _metrics(item, limit=_METRICS_IN_LIST)
        rows.append(
            (
                item.id,
                item.name,
                item.category,
                format_size(item.size_bytes),
                format_moment(item.created_at),
                metrics,
            )
        )
    output.table(("id", "name", "category", "size", "saved", "metrics"), rows)


@click.command("show")
@click.argument("model_id", metavar="ID", type=int)
@with_output
@with_workspace
def show(output: Output, transport: Transport | None, model_id: int) -> None:
    """Show a model by its id, where it came from, and whether its files are what was saved."""
    if transport is not None:
        _show_remotely(output, transport, model_id)
        return
    from synapse_sdk.workspace.errors import ModelDamagedError

    models = _open_models()
    found = models.get(model_id)
    path, problem = models.locate(found), None
    try:
        models.get_path(found)
        state = "as saved"
    except ModelDamagedError as error:
        problem = error
        state = "changed" if path.exists() else "gone"
    if output.as_json:
        document = {"model": _document(found), "path": str(path), "state": state}
        output.document(document if problem is None else document | {"problem": problem.details})
    else:
        output.fields(_fields(found, {"path": str(path)}) | {"state": state})
    if problem is not None:
        output.warn(problem.message, hint=problem.hint)


@click.command("export")
@click.argument("model_id", metavar="ID", type=int)
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace what is at DESTINATION.")
@with_output
@with_workspace
def export(
    output: Output, transport: Transport | None, model_id: int, destination: Path, *, force: bool
) -> None:
    """Copy model ID to DESTINATION: a new file or folder, or an existing folder to put it in."""
    if transport is not None:
        with transfer_line(output, "receiving") as on_progress:
            from synapse_sdk.clients.model_export import export_model

            found, target = export_model(
                transport, model_id, destination, overwrite=force, on_progress=on_progress
            )
        _tell_export(output, found, target)
        return
    models = _open_models()
    target = models.export(model_id, destination, overwrite=force)
    _tell_export(output, models.get(model_id), target)


def _load_models(transport: Transport | None) -> Sequence[Model]:
    if transport is None:
        return _open_models().list_models()
    from synapse_sdk.clients.models import iter_models

    return list(iter_models(transport))


def _show_remotely(output: Output, transport: Transport, model_id: int) -> None:
    from synapse_sdk.clients.models import get_model

    found = get_model(transport, model_id)
    if output.as_json:
        output.document({"model": _document(found)})
        return
    output.fields(_fields(found, {"server": transport.url}))


def _tell_export(output: Output, found: Model, target: Path) -> None:
    if output.as_json:
        output.document({"model": _document(found), "path": str(target.absolute())})
        return
    output.say(f"Copied model {found.id} ({found.name}), {format_size(found.size_bytes)}, to:")
    output.text(str(target))


def _open_models() -> ModelStore:
    from synapse_sdk.settings import load_settings
    from synapse_sdk.workspace.local import LocalWorkspace

    return LocalWorkspace(load_settings().local_workspace_dir).models


def _document(model: Model) -> object:
    return to_jsonable(model.model_dump(mode="json"), path="model")


def _fields(model: Model, place: dict[str, object]) -> dict[str, object]:
    size = format_size(model.size_bytes)
    files = f"{model.item_count:,} files, {size}" if model.is_folder else size
    fields: dict[str, object] = {"model": f"{model.id} ({model.name})"}
    if model.description:
        fields["description"] = model.description
    fields["metrics"] = _metrics(model) or "none"
    fields["category"] = model.category
    if model.parent_model_id is not None:
        fields["trained from"] = f"model {model.parent_model_id}"
    if model.origin is not None:
        origin = model.origin
        fields["made by"] = f"{origin.plugin.code} {origin.plugin.version} · {origin.action}"
        fields["run"] = origin.job if origin.attempt == 1 else f"{origin.job}, attempt {origin.attempt}"
        for used in origin.inputs:
            version = "" if used.version is None else f", version {used.version}"
            fields[used.kind] = f"{used.id}{version}"
    return fields | {
        **place,
        "size": files,
        "digest": model.digest,
        "saved": format_moment(model.created_at),
    }


def _metrics(model: Model, *, limit: int | None = None) -> str:
    shown = [f"{key} {value:.4g}" for key, value in model.metrics.items()]
    hidden = 0 if limit is None else max(0, len(shown) - limit)
    return " · ".join(shown[:limit]) + (f" · +{hidden}" if hidden else "")
