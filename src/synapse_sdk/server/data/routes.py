"""All routes of the subject."""

from __future__ import annotations

from fastapi import APIRouter

from synapse_sdk.server.data.dataset_routes import router as datasets
from synapse_sdk.server.data.file_routes import router as files
from synapse_sdk.server.data.model_routes import router as models

router = APIRouter()
for _part in (datasets, models, files):
    router.include_router(_part)
