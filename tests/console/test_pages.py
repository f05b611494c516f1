"""Every page answers, in both languages, and none loads a list without an end."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from tests.console.world import metric, progress, publish, register_dataset, register_model, send

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.transport import Transport

PAGES = [
    "",
    "jobs/",
    "jobs/?state=FAILED&plugin=digits&action=train",
    "jobs/1/",
    "jobs/1/log/",
    "jobs/1/inputs/",
    "jobs/1/events/",
    "jobs/1/events/?kind=metric",
    "compare/?job=1&job=2",
    "compare/",
    "plugins/",
    "plugins/?q=hand",
    "plugins/digits/",
    "plugins/digits/releases/0.1.0/",
    "plugins/digits/releases/0.1.0/files/plugin/train.py",
    "plugins/digits/releases/0.1.0/files/weights.bin",
    "plugins/digits/start/train/?version=0.1.0&again=1",
    "plugins/digits/start/inference/",
    "models/",
    "models/1/",
    "models/2/",
    "datasets/",
    "datasets/1/",
    "datasets/1/versions/1/",
    "tokens/",
    "audit/",
    "search/?q=digits",
    "search/?q=nothing%20at%20all",
]


@pytest.fixture
def busy(world):
    """A server on which something has happened."""
    publish(world.person, "0.2.0")
    failed = world.start()
    world.tell(
        failed, [progress("train", 3, 3), metric("train", 0, loss=0.5), metric("train", 1, loss="NaN")]
    )
    failure = {"type": "ValueError", "message": "no <b>images</b>", "traceback": "Traceback …"}
    outcome = {"state": "FAILED", "cause": "action", "failure": failure}
    world.end(failed, outcome, exit_code=1, cause="action")
    world.start(epochs=7)
    register_model(world.person, metrics={"accuracy": 0.9, "loss": "NaN"})
    register_model(world.person, "child", parent_model_id=1)
    return world


def inner(address: str) -> str:
    return address.replace("&amp;", "&").removeprefix("/console/")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_answers_and_its_links_lead_somewhere(busy, visitor, language):
    addresses = set()
    for path in PAGES:
        answer = visitor.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, (path, answer.text)
        assert f'<html lang="{language}"' in answer.text
        addresses |= set(re.findall(r'href="(/console/[^"]*)"', answer.text))
    for address in addresses:
        assert visitor.get(inner(address)).status_code in (200, 303), address


def test_what_an_author_wrote_is_text_and_no_markup(busy, visitor):
    page = visitor.get("jobs/1/").text
    assert "no &lt;b&gt;images&lt;/b&gt;" in page
    assert "The action failed" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing/at/all/", 404),
        ("jobs/99/", 404),
        ("plugins/nothing/", 404),
        ("plugins/digits/releases/9.9.9/", 404),
        ("plugins/digits/start/nothing/", 404),
        ("models/99/", 404),
        ("datasets/1/versions/9/", 404),
        ("jobs/?before=no", 400),
    ],
)
def test_what_is_not_there_is_said_in_the_same_look(busy, visitor, path, status):
    answer = visitor.get(path)
    assert answer.status_code == status
    assert '<main id="main">' in answer.text
    assert 'href="/console/jobs/"' in answer.text
    assert visitor.get(path, headers={"Accept": "application/json"}).json()["detail"]


def test_lists_go_on_by_pages(world, visitor):
    for number in range(120):
        world.submit("inference" if number % 2 else "train")
    seen: list[str] = []
    path = "jobs/"
    while path:
        page = visitor.get(path).text
        rows = re.findall(r'<tr id="job-(\d+)"', page)
        assert len(rows) <= 50
        seen += rows
        found = re.search(r'href="/console/([^"]+)">Next page', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [str(number) for number in range(120, 0, -1)]
    assert len(re.findall("<tr id=", visitor.get("jobs/?action=train").text)) == 50


def test_items_of_a_dataset_go_on_by_pages(world, visitor):
    seen = 0
    path = "datasets/1/versions/1/"
    while path:
        page = visitor.get(path).text
        seen += page.count("<tr>") - 1
        found = re.search(r'href="/console/([^"]+)">Next page', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == 121


def test_a_model_that_is_a_folder_is_downloaded_as_a_zip(world, visitor):
    contents = {"a/weights.bin": b"w" * 300_000, "labels.txt": "가\n".encode()}
    send(world.person, *contents.values())
    manifest = [
        {"path": path, "size_bytes": len(data), "digest": digest_bytes(data)}
        for path, data in contents.items()
    ]
    model = {"name": "folder", "filename": "folder", "is_folder": True, "manifest": manifest}
    number = world.person.post("models/", json=model)["id"]

    answer = visitor.get(f"models/{number}/download/")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents


def test_log_lines_are_read_and_found_by_number(world, visitor):
    assignment = world.start()
    world.print(assignment, "".join(f"line {number}\n" for number in range(5000)))
    page = visitor.get("jobs/1/log/lines/?from_line=4000&lines=2").json()
    assert page == {"total_lines": 5000, "next_line": 4002, "lines": ["line 4000", "line 4001"]}
    assert visitor.get("jobs/1/log/lines/?contains=line%204321").json()["line"] == 4321
    found = visitor.get("jobs/1/log/lines/?contains=line%204321&from_line=4322").json()
    assert (found["line"], found["next_line"]) == (None, None)
    assert visitor.get("jobs/1/log/lines/?lines=100000").status_code == 400


def test_a_chart_of_many_points_is_drawn_from_few(world, visitor):
    assignment = world.start()
    for first in range(0, 3000, 1000):
        events = [metric("train", number, loss=number) for number in range(first, first + 1000)]
        world.tell(assignment, events, first=first + 1)
    (series,) = visitor.get("jobs/1/metrics/").json()["series"]
    assert series["key"] == "loss"
    assert len(series["x"]) == len(series["y"]) <= 600
    assert series["low"][0] == 0 < series["y"][0] < series["high"][0]


def test_a_job_started_again_has_the_same_params(busy, visitor):
    page = visitor.get("plugins/digits/start/train/?version=0.2.0&again=2").text
    assert re.search(r'name="p.epochs" value="7"', page)


def test_an_empty_server_says_what_to_do(console, visitor):
    home = visitor.get("").text
    assert f"synapse login --host {console.url}" in home
    assert "synapse plugin publish" in home
    for path in ("jobs/", "plugins/", "models/", "datasets/"):
        assert 'class="empty"' in visitor.get(path).text


def test_names_of_any_kind_do_not_break_links(world, visitor):
    name = 'a "quoted" <name> & 100%/ü'
    register_dataset(world.person, name, pictures=1)
    page = visitor.get("datasets/").text
    assert "a &#34;quoted&#34; &lt;name&gt; &amp; 100%/ü" in page
    assert visitor.get("search/", params={"q": "quoted"}).text.count("datasets/2/") == 1


def test_a_model_leads_to_its_job_and_release(world, visitor):
    assignment = world.start()
    worker = Transport(world.server.url, assignment["job_token"])
    try:
        model = register_model(worker)
    finally:
        worker.close()
    page = visitor.get(f"models/{model['id']}/").text
    assert ">Job 1</a> · train" in page
    assert 'href="/console/plugins/digits/releases/0.1.0/"' in page
    assert "#1" in visitor.get("search/?q=reader").text


def test_tokens_say_whose_they_are_to_admins(world, visitor):
    world.server.token("developer")
    assert "<td>test-developer</td>" in visitor.get("tokens/").text


def test_a_search_shows_its_trials(world, visitor):
    job = world.start()
    rows = [
        ("trial_1", "completed", {"loss": 0.25}),
        ("trial_2", "stopped", {"loss": 0.5}),
        ("trial_3", "running", {}),
    ]
    tables = [
        {
            "base": ["trial_id", "status"],
            "hyperparameters": ["<b>rate</b>"],
            "metrics": ["loss"],
            "best_trial": "trial_1",
            "trials": {
                name: {
                    "base": {"status": status},
                    "hyperparameters": {"<b>rate</b>": 0.1},
                    "metrics": numbers,
                }
            },
        }
        for name, status, numbers in rows
    ]
    events = [{"kind": "log", "level": "info", "name": "trials", "body": table} for table in tables]
    world.tell(job, [progress("trials", 2, 3), *events])

    page = visitor.get("jobs/1/").text

    assert re.findall(
        r"<td>(trial_\d)(?: <span class=\"tag\">(\w+)</span>)?</td><td>([\w ]+)</td>", page
    ) == [
        ("trial_1", "best", "completed"),
        ("trial_2", "", "stopped early"),
        ("trial_3", "", "running"),
    ]
    assert "&lt;b&gt;rate&lt;/b&gt;" in page
    assert "0.25" in page


def test_a_job_that_makes_no_search_has_no_trials(busy, visitor):
    assert 'id="trials"' not in visitor.get("jobs/1/").text


def test_of_a_very_long_search_the_page_says_that_there_is_more(world, visitor, monkeypatch):
    monkeypatch.setattr("synapse_sdk.console.pages.job.TRIAL_EVENTS", 2)
    job = world.start()
    body = {"metrics": [], "hyperparameters": [], "trials": {"a": {"base": {"status": "running"}}}}
    event = {"kind": "log", "level": "info", "name": "trials", "body": body}
    world.tell(job, [progress("trials", 0, 3), event, event, event])

    assert "More than can be shown here: synapse job trials 1" in visitor.get("jobs/1/").text
