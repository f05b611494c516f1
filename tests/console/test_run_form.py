"""Each construct of a run's form in a real browser: filled in, refused at its field, accepted."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import pytest
from playwright.sync_api import expect
from pydantic import BaseModel, Field, SecretStr
from tests.console.world import World, publish

from synapse_sdk.plugins import pydantic_to_ui_schema


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Box(BaseModel):
    width: int = Field(8, ge=1, le=64, description="In pixels.")
    tags: list[str] = []


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float = Field(gt=0)


class Params(BaseModel):
    epochs: int = Field(gt=0, le=100)
    rate: float = Field(0.5, gt=0, lt=1)
    batch: int = Field(8, multiple_of=4)
    code: str = Field("ab", pattern="^[a-z]+$", max_length=5)
    colour: Colour = Colour.RED
    seed: int | None = 7
    layers: list[int] = Field([64, 32], min_length=1, max_length=3)
    boxes: list[Box] = []
    crop: Box | None = None
    size: Box
    shape: int | Circle | None = None
    verbose: bool = False
    days: dict[str, int] = {}
    token: SecretStr | None = None


@pytest.fixture
def form(page: Any, world: World) -> Any:
    """The form of an action with a param of each construct."""
    schemas = {"train": {"params": Params.model_json_schema(), "ui_schema": pydantic_to_ui_schema(Params)}}
    publish(world.person, "0.2.0", schemas=schemas)
    page.goto(f"{world.server.console}plugins/digits/start/train/?version=0.2.0")
    page.locator('[name="p.epochs"]').fill("3")
    return page


def named(page: Any, path: str) -> Any:
    return page.locator(f'[name="p.{path}"]')


def start(page: Any) -> None:
    page.get_by_role("button", name="Start", exact=True).click()


def start_unchecked(page: Any) -> None:
    """Send the form as a browser would that checks nothing itself."""
    page.evaluate('document.querySelector("form.start").noValidate = true')
    start(page)


def params_of_job(page: Any, world: World) -> dict[str, Any]:
    expect(page.locator("#live-job").get_by_text("Pending")).to_be_visible()
    return world.person.get("jobs/1/")["params"]


def test_the_form_as_it_is_first_shown_gives_the_defaults(form, world):
    start(form)
    sent = params_of_job(form, world)
    assert Params.model_validate(sent) == Params(epochs=3, size=Box())
    assert sent["layers"] == [64, 32]


def test_every_construct_is_filled_in_and_accepted(form, world):
    named(form, "rate").fill("0.25")
    named(form, "batch").fill("12")
    named(form, "code").fill("abc")
    named(form, "colour").select_option("blue")
    named(form, "seed").fill("")
    layers = form.locator('[id="field-layers"]')
    layers.get_by_role("button", name="Remove").first.click()
    layers.get_by_role("button", name="Add").click()
    named(form, "layers/2").fill("16")
    boxes = form.locator('[id="field-boxes"]')
    boxes.get_by_role("button", name="Add", exact=False).last.click()
    expect(named(form, "boxes/0/width")).to_have_value("8")
    named(form, "boxes/0/width").fill("9")
    form.locator('[id="field-boxes/0/tags"]').get_by_role("button", name="Add").click()
    named(form, "boxes/0/tags/0").fill("big")
    named(form, "crop?").check()
    named(form, "crop/width").fill("5")
    named(form, "size/width").fill("6")
    named(form, "shape@").select_option(label="Circle")
    named(form, "shape@1/radius").fill("2.5")
    named(form, "verbose").check()
    named(form, "days").fill('{"monday": 1}')
    start(form)
    assert params_of_job(form, world) == {
        "epochs": 3,
        "rate": 0.25,
        "batch": 12,
        "code": "abc",
        "colour": "blue",
        "seed": None,
        "layers": [32, 16],
        "boxes": [{"width": 9, "tags": ["big"]}],
        "crop": {"width": 5},
        "size": {"width": 6},
        "shape": {"kind": "circle", "radius": 2.5},
        "verbose": True,
        "days": {"monday": 1},
    }


def test_what_the_server_refuses_is_told_at_each_field_and_what_was_typed_stays(form, world):
    wrong = {
        "epochs": "101",
        "rate": "1",
        "batch": "6",
        "code": "ABC",
        "size/width": "0",
        "layers/0": "64",
    }
    for path, text in wrong.items():
        form.evaluate(
            "([name, text]) => { document.getElementsByName(name)[0].value = text; }", [f"p.{path}", text]
        )
    form.locator('[id="field-boxes"]').get_by_role("button", name="Add").last.click()
    named(form, "boxes/0/width").fill("65")
    named(form, "shape@").select_option(label="Circle")
    named(form, "shape@1/radius").fill("-1")
    named(form, "days").fill('{"monday": "x"}')
    start_unchecked(form)

    said = {
        "epochs": "At most 100",
        "rate": "Less than 1",
        "batch": "A multiple of 4",
        "code": "Does not match the pattern",
        "size/width": "At least 1",
        "boxes/0/width": "At most 64",
        "shape@1/radius": "More than 0",
        "days": "monday: must be a whole number",
    }
    for path, words in said.items():
        expect(form.locator(f'[id="field-{path}-problem"]')).to_contain_text(words)
    expect(named(form, "epochs")).to_be_focused()
    for path, text in {**wrong, "boxes/0/width": "65", "shape@1/radius": "-1"}.items():
        expect(named(form, path)).to_have_value(text)


def test_a_list_that_is_too_short_is_told_at_the_list(form, world):
    layers = form.locator('[id="field-layers"]')
    for _ in range(2):
        layers.get_by_role("button", name="Remove").first.click()
    start(form)
    expect(form.locator('[id="field-layers-problem"]')).to_have_text("At least 1 items")
    layers.get_by_role("button", name="Add").click()
    named(form, "layers/0").fill("8")
    start(form)
    assert params_of_job(form, world)["layers"] == [8]


def test_the_browser_holds_back_what_the_form_can_say(form):
    named(form, "epochs").fill("0")
    start(form)
    assert form.evaluate('document.querySelector("form.start").checkValidity()') is False
    assert form.url.endswith("version=0.2.0")


def test_a_form_without_scripts_has_its_lists_too(browser, world, page):
    publish(world.person, "0.2.0", schemas={"train": {"params": Params.model_json_schema()}})
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(f"{world.server.console}plugins/digits/start/train/?version=0.2.0")
    named(plain, "epochs").fill("3")
    plain.locator('[id="field-layers"]').get_by_role("button", name="Add").click()
    named(plain, "layers/2").fill("5")
    plain.locator('[id="field-layers"]').get_by_role("button", name="Remove").first.click()
    start(plain)
    expect(plain.get_by_role("heading", name="digits 0.2.0 · train")).to_be_visible()
    assert world.person.get("jobs/1/")["params"]["layers"] == [32, 5]
    context.close()


def test_a_form_of_the_vendor_s_kind_is_asked_for_as_it_is(page, world):
    sent = [
        {
            "$formkit": "number",
            "name": "rate",
            "label": "Rate",
            "value": 0.1,
            "required": True,
            "number": True,
        },
        {
            "$formkit": "number",
            "name": "epochs",
            "label": "Epochs",
            "min": 1,
            "number": True,
            "required": True,
        },
        {"$formkit": "select", "name": "mode", "options": [{"label": "A", "value": "a"}]},
        {"$formkit": "password", "name": "key"},
        {"$formkit": "hidden", "name": "seed", "value": 7},
    ]
    publish(world.person, "0.2.0", schemas={"train": {"params": None, "ui_schema": sent}})
    page.goto(f"{world.server.console}plugins/digits/start/train/?version=0.2.0")
    expect(page.get_by_label("Rate")).to_have_value("0.1")
    expect(named(page, "seed")).to_be_hidden()
    named(page, "epochs").fill("2")
    named(page, "mode").select_option(label="A")
    start(page)
    assert params_of_job(page, world) == {"rate": 0.1, "epochs": 2, "mode": "a", "seed": 7}


def test_what_only_the_author_s_code_refuses_is_told_at_its_field_too(form, world):
    named(form, "rate").fill("0.25")
    named(form, "token").fill("hush-8f1c")
    form.locator('[id="field-boxes"]').get_by_role("button", name="Add").last.click()
    named(form, "boxes/0/width").fill("9")
    named(form, "shape@").select_option(label="Circle")
    named(form, "shape@1/radius").fill("2")
    start(form)
    expect(form.locator("#live-job").get_by_text("Pending")).to_be_visible()
    assignment = world.claim_and_start()
    assert assignment["envelope"]["params"]["token"] == "hush-8f1c"
    problems = [
        {"field": "boxes.0.width", "loc": ["boxes", 0, "width"], "problem": "has to be even"},
        {"field": "shape.Circle.radius", "loc": ["shape", "Circle", "radius"], "problem": "is too small"},
        {"field": "params", "loc": [], "problem": "rate and epochs do not go together"},
    ]
    failure = {
        "type": "ValidationError",
        "message": "The params of train do not fit",
        "details": {"problems": problems},
    }
    said = {"cause": "action", "reason": failure["message"]}
    world.end(assignment, {"state": "FAILED", "failure": failure, **said}, exit_code=1, **said)

    expect(form.locator("#param-problems")).to_contain_text("boxes.0.width")
    form.get_by_role("link", name="Correct the params").click()
    expect(form.locator('[id="field-boxes/0/width-problem"]')).to_have_text("has to be even")
    expect(form.locator('[id="field-shape@1/radius-problem"]')).to_have_text("is too small")
    expect(form.get_by_role("alert")).to_have_text("rate and epochs do not go together")
    expect(named(form, "rate")).to_have_value("0.25")
    expect(named(form, "token")).to_have_value("")
    assert "hush" not in form.content()
    named(form, "boxes/0/width").fill("10")
    start(form)
    expect(form.locator("#live-job").get_by_text("Pending")).to_be_visible()
    assert world.person.get("jobs/2/")["params"]["boxes"][0]["width"] == 10


def test_a_secret_is_written_once_and_never_shown_again(form, world):
    named(form, "token").fill("hush-8f1c")
    named(form, "code").fill("ABC")
    start(form)
    expect(form.locator('[id="field-code-problem"]')).to_contain_text("pattern")
    expect(named(form, "token")).to_have_attribute("type", "password")
    expect(named(form, "token")).to_have_value("")
    expect(form.get_by_text("Type it again")).to_be_visible()
    assert "hush" not in form.content()
    named(form, "token").fill("hush-8f1c")
    named(form, "code").fill("abc")
    start(form)
    assert params_of_job(form, world)["token"] == "**********"
    for page in ("", "inputs/", "events/"):
        form.goto(f"{world.server.console}jobs/1/{page}")
        assert "hush" not in form.content()
