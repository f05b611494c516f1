"""Names and texts of the worst kind, everywhere that somebody can put one, seen in a real browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.console import world as made
from tests.console.world import build_world, metric, progress, register_dataset, register_model

#: Runs if it is ever taken for HTML; leaves an element if only its tags are.
EVIL = '<img src=x onerror="window.wasRun=1" class="evil">\'"><script>window.wasRun=1</script>{{7*7}}'
#: Where slashes part folders.
EVIL_NAME = EVIL.replace("/", "\u2215")
PAGES = (
    "",
    "plugins/",
    "plugins/digits/",
    "plugins/digits/releases/0.1.0/",
    "plugins/digits/start/train/",
    "jobs/",
    "jobs/1/",
    "jobs/1/inputs/",
    "jobs/1/log/",
    "jobs/1/events/",
    "jobs/2/",
    "compare/?job=1&job=2",
    "models/",
    "models/1/",
    "datasets/",
    "datasets/1/",
    "datasets/1/versions/1/",
    "tokens/",
    "audit/",
)


@pytest.fixture
def evil_world(console, monkeypatch) -> Any:
    """A server on which every text that somebody may choose is an attack."""
    train = made.SCHEMAS["train"]["params"]
    params = {**train["properties"], EVIL: {"type": "string", "title": EVIL, "description": EVIL}}
    schema = {**train, "properties": params}
    monkeypatch.setattr(made, "SCHEMAS", {**made.SCHEMAS, "train": {"params": schema}})
    action = {**made.CONFIG["actions"]["train"], "description": EVIL}
    actions = {
        **made.CONFIG["actions"],
        "train": action,
        EVIL: {"entrypoint": "plugin.x:Y", "description": EVIL},
    }
    config = {**made.CONFIG, "name": EVIL, "description": EVIL, "actions": actions}
    monkeypatch.setattr(made, "CONFIG", config)
    files = {"README.md": f"# {EVIL}\n[x](javascript:window.wasRun=1)\n".encode(), EVIL_NAME: b"x"}
    monkeypatch.setattr(made, "FILES", {**made.FILES, **files})
    found = build_world(console)
    register_dataset(found.person, EVIL, pictures=1)
    register_model(found.person, EVIL, description=EVIL, metrics={EVIL: 0.5})
    found.person.post("tokens/", json={"name": EVIL[:100], "kind": "ci"})
    console.services.accounts.ensure_account(EVIL[:100], role="viewer")
    console.services.accounts.record_refusal(None, f"GET /{EVIL}", EVIL)
    _run_jobs(found)
    return found


def _run_jobs(found) -> None:
    note = {"note": EVIL, EVIL: EVIL}
    for _ in range(2):
        running = found.start(**note)
        points = [metric(EVIL, ordinal, **{EVIL: 0.1 * ordinal, "loss": 1.0}) for ordinal in range(3)]
        message = {"kind": "message", "level": "error", "step": EVIL, "body": {"content": EVIL}}
        found.tell(running, [*points, progress(EVIL, 1, 2), message])
        found.print(running, f"{EVIL}\n\x1b[31m{EVIL}\x1b]8;;javascript:window.wasRun=1\x07x\x1b]8;;\x07\n")
    failure = {"type": EVIL, "message": EVIL, "traceback": EVIL, "hint": EVIL}
    outcome = {"state": "FAILED", "cause": "action", "reason": EVIL, "failure": failure}
    found.end(running, outcome, exit_code=1, cause="action", reason=EVIL)


def test_no_text_is_ever_taken_for_a_page(evil_world, console, page):
    for path in (*PAGES, f"search/?q={EVIL}", f"jobs/?plugin={EVIL}", f"nothing/{EVIL_NAME}/"):
        answer = page.goto(f"{console.console}{path}", wait_until="load")
        assert answer.status in (200, 404), path
        assert "default-src 'self'" in answer.headers["content-security-policy"], path
        if path == "jobs/1/":  # charts and log are drawn by scripts
            page.wait_for_selector("canvas")
            page.wait_for_selector("text=window.wasRun")
        assert page.evaluate("window.wasRun") is None, path
        assert page.locator("img.evil, script:not([src])").count() == 0, path
        assert page.locator('a[href^="javascript:"]').count() == 0, path


def test_a_file_with_such_a_name_is_text_on_a_page_or_saved(evil_world, visitor):
    path = "plugins/digits/releases/0.1.0/files/" + quote(EVIL_NAME)
    shown = visitor.get(path)
    assert shown.status_code == 200
    assert "<img src=x" not in shown.text
    assert "<script>window" not in shown.text
    saved = visitor.get(path, params={"save": "true"})
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%3Cimg")
    assert saved.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in saved.headers["content-security-policy"]
