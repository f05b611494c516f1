"""Addresses of the console's own pages, wherever it is mounted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fastapi import Request


@dataclass(frozen=True, slots=True)
class Links:
    """Makes every link of every page. `prefix` is where the console is mounted: `/synapse/console`."""

    prefix: str

    def __call__(self, *parts: object, **query: object) -> str:
        """Return the address of a page: `link("jobs", 12)` → `/console/jobs/12/`.

        Args:
            parts: Segments of the path, quoted here. None at all: home.
            query: What stands behind the question mark; None and empty values are left out.
        """
        path = "".join(f"/{quote(str(part), safe='')}" for part in parts)
        kept = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.prefix}{path}/" + (f"?{urlencode(kept)}" if kept else "")

    def file(self, *parts: object, path: str) -> str:
        """Return the address of a file inside something: its slashes stay slashes."""
        return self(*parts) + quote(path, safe="/")

    def static(self, name: str) -> str:
        """Return the address of a static file."""
        return f"{self.prefix}/static/{name}"


def links_of(request: Request) -> Links:
    """Return the links as the request's sender reaches us."""
    return Links(str(request.scope.get("root_path", "")))


def inner_path(request: Request) -> str:
    """Return the path of a request below the console's own prefix."""
    path = request.url.path
    prefix = str(request.scope.get("root_path", ""))
    return path.removeprefix(prefix) or "/"
