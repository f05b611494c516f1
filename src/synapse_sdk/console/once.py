"""Forms that are sent twice: each carries a key of its own, and what it makes is made once."""

from __future__ import annotations

import json
import secrets
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from synapse_sdk.console.links import inner_path
from synapse_sdk.console.services import Principal
from synapse_sdk.console.session import CSRF_FIELD, services_of

#: The key under which a form was shown.
KEY_FIELD = "form_key"


def new_form_key() -> str:
    """Return the key of a form that is shown now."""
    return secrets.token_urlsafe(18)


def once_of_form(request: Request, principal: Principal, form: FormData) -> Any:
    """Return what tells a service that a form came before; without a key, every form is a new one."""
    key = form.get(KEY_FIELD)
    said = [(name, str(value)) for name, value in form.multi_items() if name not in (KEY_FIELD, CSRF_FIELD)]
    what = json.dumps([inner_path(request), *sorted(said)])
    return services_of(request).once(principal, key if isinstance(key, str) and key else None, what)
