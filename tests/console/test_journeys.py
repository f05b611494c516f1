"""What a team member does with the console, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.console.world import metric, progress, register_model


def test_a_link_signs_in_once_and_leaves_the_address_bar(browser, console):
    link = console.sign_in_link()
    context = browser.new_context(locale="en-US")
    page = context.new_page()

    page.goto(link)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    assert page.url == console.console
    cookie = next(item for item in context.cookies() if item["name"] == "synapse_session")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/console")

    page.get_by_label("Account and appearance").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(link)
    expect(page.get_by_text("This link was used already")).to_be_visible()
    context.close()


def test_a_password_signs_in_and_leads_to_the_page_that_was_wanted(browser, console):
    console.services.accounts.ensure_account("kim", role="developer", password="correct horse")
    context = browser.new_context(locale="en-US")
    page = context.new_page()

    page.goto(f"{console.console}models/?name=x")
    page.get_by_label("Account", exact=True).fill("kim")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Account and password do not fit.")).to_be_visible()
    expect(page.get_by_label("Account", exact=True)).to_have_value("kim")

    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    assert page.url == f"{console.console}models/?name=x"
    context.close()


def test_an_action_is_started_from_its_form(page, world):
    page.goto(f"{world.server.console}plugins/digits/")
    page.get_by_role("link", name="Start train").click()
    expect(page.get_by_label("Learning Rate")).to_have_value("0.05")
    expect(page.locator("datalist option").first).to_have_attribute("value", "1")

    page.get_by_label("Dataset").fill("77")
    page.get_by_label("Epochs").fill("5")
    layers = page.locator('[name="p.layers/0"]')
    layers.fill("")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Needed")).to_be_visible()
    expect(layers).to_be_focused()
    expect(layers).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Epochs")).to_have_value("5")
    layers.fill("1")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("there is no dataset 77 on this server")).to_be_visible()
    page.get_by_label("Dataset").fill("1")
    page.get_by_role("button", name="Start").click()

    expect(page.locator("#live-job").get_by_text("Pending")).to_be_visible()
    job = world.person.get("jobs/1/")
    assert job["params"] == {
        "dataset": 1,
        "epochs": 5,
        "learning_rate": 0.05,
        "optimizer": "sgd",
        "augment": True,
        "layers": [1, 32],
    }


def test_a_running_job_is_watched_and_stopped(page, world):
    assignment = world.start()
    page.goto(f"{world.server.console}jobs/1/")
    expect(page.locator("#live-job").get_by_text("Running")).to_be_visible()

    world.tell(
        assignment, [progress("train", 3, 10), metric("train", 0, loss=0.5), metric("train", 1, loss="NaN")]
    )
    expect(page.get_by_text("30%")).to_be_visible()
    expect(page.get_by_text("14 s left")).to_be_visible()
    expect(page.locator("#charts canvas")).to_be_visible()
    world.print(assignment, "first line\nsecond \x1b[31mline\x1b[0m\n")
    expect(page.locator("#log").get_by_text("second line")).to_be_visible()

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stopping")).to_be_disabled()
    world.end(
        assignment, {"state": "STOPPED"}, exit_code=None, signal=15, cause="cancelled", reason="on request"
    )
    expect(page.locator("#live-job").get_by_text("Stopped").first).to_be_visible()
    expect(page.locator("[data-ends]")).to_have_count(0)
    expect(page).to_have_title("Stopped · Job 1 · train · Synapse")
    expect(page.locator("#live-job")).not_to_have_attribute("data-stream", re.compile("."))


def test_rows_of_running_jobs_follow_what_happens(page, world):
    assignment = world.start()
    page.goto(f"{world.server.console}jobs/")
    row = page.locator("#job-1")
    expect(row.get_by_text("Running")).to_be_visible()

    world.end(assignment, {"state": "SUCCEEDED", "result": 1})

    expect(row.get_by_text("Succeeded")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#live")).not_to_have_attribute("hx-get", re.compile("."))


def test_a_line_is_found_in_a_long_log(page, world):
    assignment = world.start()
    lines = [f"line {number}" for number in range(1, 400_001)]
    lines[299_999] = "line 300000 the needle"
    size = 0
    for start in range(0, len(lines), 100_000):
        size = world.print(assignment, "\n".join(lines[start : start + 100_000]) + "\n", offset=size)
    world.end(assignment, {"state": "SUCCEEDED"})

    page.goto(f"{world.server.console}jobs/1/log/")
    expect(page.locator("#log-total")).to_have_text("400,000")
    expect(page.locator("#log .line").first).to_contain_text("line 1")
    page.get_by_label("Go to line").fill("250000")
    page.get_by_label("Go to line").press("Enter")
    expect(page.locator("#log .line.hit")).to_contain_text("line 250000")
    page.get_by_label("Find in log").fill("the needle")
    page.get_by_label("Find in log").press("Enter")
    expect(page.locator("#log .line.hit")).to_contain_text("line 300000 the needle")
    assert page.locator("#log .line").count() < 200
    page.locator("#log").focus()
    page.keyboard.press("End")
    expect(page.locator("#log .line").last).to_contain_text("line 400000")
    page.keyboard.press("Home")
    expect(page.locator("#log .line").first).to_contain_text("line 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "job-1-stdout.log"
    assert download.value.path().read_text() == "\n".join(lines) + "\n"


def test_the_log_of_stderr_is_downloaded_when_it_is_looked_at(page, world):
    assignment = world.start()
    world.print(assignment, "one\n")
    world.print(assignment, "two\n", stream="stderr")
    page.goto(f"{world.server.console}jobs/1/log/")
    page.get_by_label("Stream").select_option("stderr")
    expect(page.locator("#log .line")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "job-1-stderr.log"
    assert download.value.path().read_text() == "two\n"


def test_a_failed_job_shows_its_authors_lines_first(page, world):
    assignment = world.start()
    job_id = world.person.get("jobs/1/")["id"]
    place = f"/srv/data/agent/attempts/{job_id}/1/code"
    traceback = f'Traceback …\n  File "{place}/plugin/train.py", line 3, in execute\nKeyError: 1'
    failure = {"type": "KeyError", "message": "Action execution failed: KeyError: 1", "traceback": traceback}
    said = {"cause": "action", "reason": failure["message"]}
    world.end(assignment, {"state": "FAILED", "failure": failure, **said}, exit_code=1, **said)
    page.goto(f"{world.server.console}jobs/1/")
    expect(page.locator("#traceback pre")).to_contain_text('File "plugin/train.py", line 3, in execute')
    expect(page.get_by_text("Action execution failed")).to_have_count(1)
    top = page.locator("#traceback").bounding_box()["y"]
    assert top < page.locator("#charts").bounding_box()["y"]


def test_two_jobs_are_compared_in_the_same_chart(page, world):
    for epochs in (3, 4):
        assignment = world.start(epochs=epochs)
        world.tell(assignment, [metric("train", number, loss=1 / (number + epochs)) for number in range(5)])
        world.end(assignment, {"state": "SUCCEEDED"})

    page.goto(f"{world.server.console}jobs/")
    page.get_by_label("Compare job 1").check()
    page.get_by_label("Compare job 2").check()
    page.get_by_role("button", name="Compare ticked").click()

    expect(page.get_by_text("epochs=4")).to_be_visible()
    expect(page.locator("#charts canvas")).to_have_count(1)
    expect(page.locator(".u-legend")).to_contain_text("1 · train")
    expect(page.locator(".u-legend")).to_contain_text("2 · train")


def test_a_token_is_made_shown_once_and_revoked(page, world):
    page.goto(f"{world.server.console}tokens/")
    page.get_by_label("Name").fill("laptop")
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Make token").click()
    text = page.locator(".notice code").inner_text()
    assert text.startswith("syn_user_")
    assert world.server.services.accounts.authenticate(text).role == "viewer"

    page.goto(f"{world.server.console}tokens/")
    assert text not in page.content()
    page.get_by_label("Kind").select_option("agent")
    expect(page.get_by_label("Role")).to_be_disabled()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("tr", has_text="laptop").get_by_role("button", name="Revoke").click()
    expect(page.locator("tr", has_text="laptop")).to_contain_text("revoked")


def test_a_model_is_downloaded(page, world):
    model = register_model(world.person, metrics={"accuracy": 0.95})
    page.goto(f"{world.server.console}models/{model['id']}/")
    expect(page.get_by_text("0.95")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()

    assert download.value.suggested_filename == "model.bin"
    assert download.value.path().read_bytes() == b"weights of reader"


def test_pictures_of_a_dataset_are_shown(page, world):
    page.goto(f"{world.server.console}datasets/1/versions/1/")
    first = page.locator("img.thumb").first
    expect(first).to_be_visible()
    expect(first).to_have_js_property("naturalWidth", 8)


def test_the_slash_key_searches_and_a_number_leads_to_its_job(page, world):
    world.submit()
    page.goto(world.server.console)
    page.keyboard.press("/")
    page.keyboard.type("digi")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="digits").first).to_be_visible()

    page.locator("main").click()
    page.keyboard.press("/")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="digits 0.1.0 · train")).to_be_visible()


def test_language_and_colours_are_chosen_and_kept(page, world):
    page.goto(f"{world.server.console}jobs/?state=FAILED")
    page.get_by_label("Account and appearance").click()
    page.get_by_role("button", name="한국어").click()
    expect(page.get_by_role("heading", name="작업")).to_be_visible()
    assert page.url.endswith("/jobs/?state=FAILED")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="어둡게").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(f"{world.server.console}plugins/")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    dark = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    assert dark == "rgb(19, 20, 23)"


def test_rows_survive_a_server_that_fails_for_a_moment(page, world):
    assignment = world.start()
    page.goto(f"{world.server.console}jobs/")
    failures = []

    def fail(route):
        failures.append(route.request.url)
        route.fulfill(status=500, content_type="text/html", body="<h1>The server failed</h1>")

    page.route("**/jobs/live/**", fail)
    page.wait_for_event("response", lambda response: response.status == 500)
    expect(page.locator("#job-1").get_by_text("Running")).to_be_visible()
    assert "The server failed" not in page.content()
    page.unroute("**/jobs/live/**")
    world.end(assignment, {"state": "SUCCEEDED"})
    expect(page.locator("#job-1").get_by_text("Succeeded")).to_be_visible()


def test_a_session_that_ended_leads_back_to_the_form(page, world):
    world.start()
    page.goto(f"{world.server.console}jobs/")
    page.context.clear_cookies()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_narrow_page_never_scrolls_sideways(page, world):
    assignment = world.start()
    world.tell(
        assignment, [progress("train", 1, 2), metric("train", 0, loss=0.5), metric("train", 1, loss=0.4)]
    )
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "",
        "jobs/",
        "jobs/1/",
        "plugins/digits/releases/0.1.0/",
        "plugins/digits/start/train/",
        "tokens/",
    ):
        page.goto(world.server.console + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_a_program_that_speaks_to_stderr_alone_is_heard(page, world):
    assignment = world.start()
    page.goto(f"{world.server.console}jobs/1/log/")
    expect(page.locator("#log-total")).to_have_text("0")
    world.print(assignment, "went wrong\n", stream="stderr")
    expect(page.locator("#log").get_by_text("went wrong")).to_be_visible()
    page.get_by_label("Stream").select_option("stdout")
    expect(page.locator("#log .line")).to_have_count(0)
    world.print(assignment, "all is well\n")
    expect(page.locator("#log").get_by_text("all is well")).to_be_visible()


def test_a_log_of_very_long_lines_is_read_whole(page, world):
    assignment = world.start()
    lines = [f"{number}:{'x' * 60_000}" for number in range(200)]
    size = 0
    for start in range(0, 200, 50):
        size = world.print(assignment, "\n".join(lines[start : start + 50]) + "\n", offset=size)
    page.goto(f"{world.server.console}jobs/1/log/")
    expect(page.locator("#log-total")).to_have_text("200")
    expect(page.locator("#log .line").last).to_contain_text("199:xxx")
