"""A form as a browser would hold it: takes values, and says whether the form lets them go.

Written from FormKit's rules, without looking at the model that the form was made from.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any


def accepts(form: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> bool:
    """Would a form of these elements send these values?"""
    names = {element["name"] for element in form}
    return values.keys() <= names and all(_takes_field(element, values) for element in form)


def _takes_field(element: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    if element["name"] not in values:
        return not element.get("required", False)
    return _takes(element, values[element["name"]])


def _takes(element: Mapping[str, Any], value: Any) -> bool:
    if value is None:
        return bool(element.get("nullable", False))
    kind = element["$formkit"]
    if kind == "choice":
        return any(_takes(option["element"], value) for option in element["options"])
    if kind == "group":
        return isinstance(value, Mapping) and accepts(element["children"], value)
    if kind == "repeater":
        return _takes_list(element, value)
    if kind == "select":
        # A list offers no `true` for 1; the model, to which they are the same, would take it.
        return value in [option["value"] for option in element["options"]]
    if kind == "checkbox":
        return isinstance(value, bool)
    if kind == "number":
        return _takes_number(element, value)
    if element.get("format") == "json":
        return json.loads(json.dumps(value)) == value
    return isinstance(value, str) and all(_keeps_rule(rule, value) for rule in element.get("validation", ()))


def _takes_list(element: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, list) or not element.get("min", 0) <= len(value) <= element.get("max", math.inf):
        return False
    children = element["children"]
    if "name" in (children[0] if children else {"name": ""}):
        return all(isinstance(item, Mapping) and accepts(children, item) for item in value)
    return all(_takes(children[0], item) for item in value)


def _takes_number(element: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if not element.get("min", -math.inf) <= value <= element.get("max", math.inf):
        return False
    step = element.get("step", 1)
    if step != "any" and (value - element.get("min", 0)) % step != 0:
        return False
    return all(_keeps_rule(rule, value) for rule in element.get("validation", ()))


def _keeps_rule(rule: Sequence[Any], value: Any) -> bool:
    name, *arguments = rule
    if name == "not":
        return bool(value != arguments[0])
    if name == "length":
        return arguments[0] <= len(value) <= float(arguments[1])
    assert name == "matches", rule
    return re.search(arguments[0][1:-1], value) is not None
