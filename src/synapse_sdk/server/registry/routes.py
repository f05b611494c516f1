"""All routes of the registry."""

from __future__ import annotations

from fastapi import APIRouter

from synapse_sdk.server.registry.content_routes import router as content_router
from synapse_sdk.server.registry.publish_routes import router as publish_router
from synapse_sdk.server.registry.release_routes import router as release_router

router = APIRouter()
router.include_router(content_router)
router.include_router(publish_router)
router.include_router(release_router)
