"""A console with something on it, and a real browser to look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.console.running import RunningConsole, run_console
from tests.console.world import World, build_world

from synapse_sdk.console.session import SESSION_COOKIE

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def console(tmp_path: Path) -> Iterator[RunningConsole]:
    """A server with nothing on it."""
    with run_console(tmp_path / "data") as running:
        yield running


@pytest.fixture
def world(console: RunningConsole) -> World:
    """A server with a plugin, a dataset and an agent."""
    return build_world(console)


@pytest.fixture
def visitor(console: RunningConsole) -> Iterator[httpx.Client]:
    """An admin who has signed in, without a browser."""
    headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={console.cookie()}"}
    with httpx.Client(base_url=console.console, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium."""
    if os.environ.get("SYNAPSE_TEST_BROWSER") == "0":
        pytest.skip("SYNAPSE_TEST_BROWSER=0 leaves the tests with a browser out")
    if shutil.which(CHROMIUM) is None:
        pytest.fail(f"{CHROMIUM} is missing. Install it: apt-get install -y chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield chromium
        chromium.close()


def _is_complaint(message: Any) -> bool:
    # A form that comes back with what is wrong has the status 400, which is no mistake of the page.
    return message.type == "error" and not message.text.startswith("Failed to load resource")


@pytest.fixture
def page(browser: Any, console: RunningConsole) -> Iterator[Any]:
    """A page of an admin who has signed in. What a script or the policy complains of fails the test."""
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    cookie = {"name": SESSION_COOKIE, "value": console.cookie(), "url": console.console}
    context.add_cookies([cookie])
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
    yield page
    context.close()
    assert complaints == []
