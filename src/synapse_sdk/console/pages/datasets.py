"""Datasets: list, versions, items with thumbnails."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from synapse_sdk.console.downloads import download, find_picture_type, show_picture
from synapse_sdk.console.pages.models import After, Number
from synapse_sdk.console.rendering import render
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
PAGE_ROWS = 50
VERSION_ROWS = 200
ITEM_ROWS = 50


@router.get("/datasets/")
def list_datasets(
    request: Request, visitor: SignedIn, after: After = None, name: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show datasets, newest first."""
    found, count = services_of(request).data.datasets.list_datasets(
        visitor.principal, after=after, limit=PAGE_ROWS, order="newest", name=name.strip() or None
    )
    following = found[-1].id if len(found) == PAGE_ROWS else None
    return render(
        request, "datasets.html", datasets=found, count=count, name=name, after=after, next_after=following
    )


@router.get("/datasets/{dataset_id}/")
def show_dataset(
    request: Request, visitor: SignedIn, dataset_id: Number, after: Annotated[int, Query(ge=0, lt=2**63)] = 0
) -> Response:
    """Show a dataset and its versions."""
    datasets = services_of(request).data.datasets
    dataset = datasets.get_dataset(visitor.principal, dataset_id)
    versions = datasets.list_versions(visitor.principal, dataset_id, after=after, limit=VERSION_ROWS)
    return render(
        request,
        "dataset.html",
        dataset=dataset,
        versions=versions,
        after=after,
        next_after=versions[-1].number if len(versions) == VERSION_ROWS else None,
    )


@router.get("/datasets/{dataset_id}/versions/{number}/")
def show_version(
    request: Request,
    visitor: SignedIn,
    dataset_id: Number,
    number: Number,
    after: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Show a version: splits, and its items page by page."""
    datasets = services_of(request).data.datasets
    version = datasets.get_version(visitor.principal, dataset_id, number)
    items = datasets.list_items(version, after=after, limit=ITEM_ROWS)
    return render(
        request,
        "dataset_version.html",
        version=version,
        rows=[(item, find_picture_type(item.path, item.size_bytes) is not None) for item in items],
        after=after,
        next_after=items[-1].path if len(items) == ITEM_ROWS else None,
    )


@router.get("/datasets/{dataset_id}/versions/{number}/items/{path:path}")
def show_item(
    request: Request,
    visitor: SignedIn,
    dataset_id: Number,
    number: Number,
    path: str,
    as_picture: bool = False,
) -> Response:
    """Send one item, as a thumbnail or to be saved."""
    services = services_of(request)
    version = services.data.datasets.get_version(visitor.principal, dataset_id, number)
    item = services.data.datasets.get_item(version, path)
    file = services.files.get(item.digest)
    picture_type = find_picture_type(path, item.size_bytes) if as_picture else None
    return show_picture(file, picture_type) if picture_type else download(file, path.rpartition("/")[2])
