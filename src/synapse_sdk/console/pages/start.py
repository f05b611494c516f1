"""Starting an action from a form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import PageNotFoundError, status_of
from synapse_sdk.console.failures import find_param_problems
from synapse_sdk.console.links import links_of
from synapse_sdk.console.once import once_of_form
from synapse_sdk.console.pages.releases import find_fields
from synapse_sdk.console.params_form import PREFIX, Field
from synapse_sdk.console.params_values import (
    add_item,
    fill_in,
    fill_in_new,
    find_field,
    list_items,
    parse_form,
    parse_whole,
    place_problem,
    say_problem,
)
from synapse_sdk.console.rendering import render, texts_of
from synapse_sdk.console.services import Principal, RunWish
from synapse_sdk.console.session import Form, SignedIn, services_of
from synapse_sdk.console.texts import Texts

router = APIRouter()
#: Releases, datasets and models that the form offers; others can be typed.
OFFERED = 100
#: Holds all params of an action without a schema.
WHOLE = "whole"
_NUMBERS = ("cpus", "gpus", "time_limit_s")


@router.get("/plugins/{code}/start/{action}/")
def show_form(
    request: Request,
    visitor: SignedIn,
    code: str,
    action: str,
    version: Annotated[str, Query(max_length=200)] = "",
    again: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show the form, filled with the defaults, or with what another job was given."""
    release, fields = _load(request, visitor.principal, code, action, version)
    typed = {} if fields is None else fill_in(fields)
    problems: dict[str, str] = {}
    if again:
        _, document, _ = services_of(request).jobs.jobs.get_details(visitor.principal, again)
        if fields is None:
            typed = {WHOLE: json.dumps(document.params, ensure_ascii=False, indent=2)}
        else:
            typed = fill_in(fields, document.params)
        problems = _place(find_param_problems(document.failure), fields, typed, texts_of(request))
    return _show(request, visitor.principal, release, action, fields, typed, problems=problems)


@router.post("/plugins/{code}/start/{action}/")
def start(request: Request, visitor: SignedIn, form: Form, code: str, action: str) -> Response:
    """Submit the job, or show the form again with what is wrong beside each field."""
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    release, fields = _load(request, visitor.principal, code, action, typed.get("version", ""))
    if edited := _edit(fields or (), typed):
        return _show(request, visitor.principal, release, action, fields, edited)
    params, problems, numbers = _parse(request, fields, typed)
    if not problems:
        wish = RunWish(
            plugin=release.plugin_code,
            action=action,
            version=release.version,
            params=params,
            is_debug=release.is_draft,
            language=texts_of(request).language,
            cpus=_whole(numbers["cpus"]),
            gpus=_whole(numbers["gpus"]),
            time_limit_s=numbers["time_limit_s"],
        )
        once = once_of_form(request, visitor.principal, form)
        try:
            job = services_of(request).jobs.jobs.submit(visitor.principal, wish, once=once)
        except SynapseError as error:
            if status_of(error) not in (400, 404, 409, 413):
                raise
            problems = _place_refusal(error, fields, typed, texts_of(request))
        else:
            return RedirectResponse(links_of(request)("jobs", job.number), 303)
    return _show(request, visitor.principal, release, action, fields, typed, 400, problems)


def _load(
    request: Request, principal: Principal, code: str, action: str, version: str
) -> tuple[Any, list[Field] | None]:
    releases = services_of(request).registry.releases
    if version:
        release = releases.get_release(principal, f"{code}@{version}")
    else:
        release = releases.find_latest(releases.get_plugin(principal, code))
    if release is None or action not in (release.config.get("actions") or {}):
        raise PageNotFoundError(texts_of(request)("start.no_action", action=action, plugin=code))
    return release, find_fields(release, action)


def _parse(
    request: Request, fields: Sequence[Field] | None, typed: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], dict[str, float | None]]:
    t = texts_of(request)
    problems: dict[str, str] = {}
    if fields is None:
        params, problem = parse_whole(typed.get(WHOLE, ""), t)
        problems |= {WHOLE: problem} if problem else {}
    else:
        params, problems = parse_form(fields, typed, t)
    numbers: dict[str, float | None] = {}
    for name in _NUMBERS:
        text = typed.get(name, "").strip()
        is_number = text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 10
        numbers[name] = float(text) if is_number else None
        if text and not is_number:
            problems[f"option.{name}"] = t("form.not_number")
    return params, problems, numbers


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _edit(fields: Sequence[Field], typed: Mapping[str, str]) -> dict[str, str] | None:
    """Return the form as a button of a list leaves it, None where none was pressed."""
    verb, _, name = typed.get("edit", "").partition(" ")
    if verb == "add" and (found := find_field(fields, name, typed)) is not None and found.kind == "list":
        return add_item(found, typed)
    if verb == "remove":
        return {key: text for key, text in typed.items() if key != f"{name}#"}
    return None


def _place_refusal(
    error: SynapseError, fields: Sequence[Field] | None, typed: Mapping[str, str], t: Texts
) -> dict[str, str]:
    """Put what a service refused beside the fields that it names; the rest above the form."""
    if status_of(error) == 409 and "key" in error.details:
        return {"": t("start.sent_before")}
    return _place(error.details.get("errors") or (), fields, typed, t) or {"": error.message}


def _place(
    items: Sequence[Mapping[str, Any]], fields: Sequence[Field] | None, typed: Mapping[str, str], t: Texts
) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        loc = list(item["loc"])
        said = say_problem(item, t)
        if loc[:1] == ["params"]:
            loc = loc[1:]
        place, inside = place_problem(fields or (), loc, typed) or ("", ".".join(map(str, loc)))
        if fields is None:
            place = WHOLE
        said = f"{inside}: {said}" if inside else said
        found[place] = f"{found[place]}; {said}" if place in found else said
    return found


def _show(
    request: Request,
    principal: Principal,
    release: Any,
    action: str,
    fields: Sequence[Field] | None,
    typed: Mapping[str, str],
    status: int = 200,
    problems: Mapping[str, str] = {},
) -> Response:
    services = services_of(request)
    releases, _ = services.registry.releases.list_releases(principal, code=release.plugin_code, limit=OFFERED)
    return render(
        request,
        "start.html",
        status,
        release=release,
        action=action,
        config=release.config["actions"][action] or {},
        fields=fields,
        typed={**fill_in_new(fields or ()), **typed},
        items=list_items,
        problems=problems,
        general=[problems[""]] if "" in problems else [],
        releases=releases,
        offers=_load_offers(request, principal, fields or ()),
        prefix=PREFIX,
        is_again="again" in request.query_params,
        whole=WHOLE,
    )


def _load_offers(
    request: Request, principal: Principal, fields: Sequence[Field]
) -> dict[str, list[tuple[int, str]]]:
    """Return, per kind of input that the form asks for, the newest ones: (id, name)."""
    data, kinds = services_of(request).data, {field.input_kind for field in fields}
    offers: dict[str, list[tuple[int, str]]] = {}
    if "dataset" in kinds:
        datasets, _ = data.datasets.list_datasets(principal, limit=OFFERED, order="newest")
        offers["dataset"] = [(item.id, item.name) for item in datasets]
    if "model" in kinds:
        models, _ = data.models.list_models(principal, limit=OFFERED, order="newest")
        offers["model"] = [(item.id, item.name) for item in models]
    return offers
