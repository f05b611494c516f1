"""One HTTP client: addresses, tokens, retries, errors. All that speaks to a server goes through here."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.http_library import load_httpx
from synapse_sdk.clients.errors import (
    AuthenticationError,
    ClientConnectionError,
    ClientError,
    ClientResponseIncompleteError,
    ClientTimeoutError,
    GpuUnavailableError,
    ServerError,
    error_of_status,
)
from synapse_sdk.clients.patience import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    RETRY_AFTER_LIMIT_S,
    RETRY_WAITS_S,
)
from synapse_sdk.clients.server_address import ServerAddress

if TYPE_CHECKING:
    import ssl

    import httpx

_RETRIED = (None, 408, 502, 503, 504)
#: What may have gone better a moment later. A connection that is refused is told at once.
BROKEN = (ClientTimeoutError, ClientResponseIncompleteError, ServerError)


class Transport:
    """Requests to one server. Thread-safe; connects with the first request."""

    def __init__(
        self,
        url: str | ServerAddress,
        token: str | None = None,
        *,
        workspace: str | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout_s: float = READ_TIMEOUT_S,
        follows_redirects: bool = False,
    ) -> None:
        """Prepare requests.

        Args:
            url: The server's address, such as `http://127.0.0.1:8000`, perhaps with a path prefix; one that
                may change is asked for before each request.
            token: Access token; sent to this server only.
            workspace: Code of the workspace, unless the token's own.
            headers: More headers of each request.
            read_timeout_s: How long an answer may take.
            follows_redirects: For addresses that are nobody's in particular; never together with a token.

        Raises:
            AuthenticationError: The token could not be one, such as with the end of a line behind it.
        """
        self._address = url.rstrip("/") if isinstance(url, str) else url
        self._headers = dict(headers or {})
        if token:
            self._headers["Synapse-Access-Token"] = f"Token {token}"
        if workspace:
            self._headers["Synapse-Tenant"] = workspace
        for name, value in self._headers.items():
            _refuse_odd(name, value)
        self._read_timeout_s = read_timeout_s
        self._follows_redirects = follows_redirects
        self._opened: httpx.Client | None = None
        self._opened_for = ""
        # Threads that send the first request at the same time share one client; a second would be lost open.
        self._opening = threading.RLock()

    @classmethod
    def like(cls, other: Transport) -> Transport:
        """Return another one to the same server, for a thread that must be able to close it by itself."""
        twin = cls(other._address, read_timeout_s=other._read_timeout_s)
        twin._headers = dict(other._headers)
        return twin

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def find_token(self) -> str | None:
        """Return the token that requests carry; None where they carry none. Never to be shown."""
        sent = self._headers.get("Synapse-Access-Token") or self._headers.get("Authorization") or ""
        return sent.removeprefix("Token ") or None

    @property
    def url(self) -> str:
        """The server's address now, without a slash at its end."""
        return self._address if isinstance(self._address, str) else self._address.current()

    def get(self, path: str, **options: Any) -> Any:
        """GET; see `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        """POST; see `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Any:
        """PUT; see `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Any:
        """PATCH; see `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Any:
        """DELETE; see `request`."""
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        retries: bool = True,
        timeout_s: float | None = None,
        **options: Any,
    ) -> Any:
        """Send a request; return its JSON, its text if it is none, or None for an empty answer.

        Sent again when the server could not be asked, or said that it can not just now, and sending twice is
        harmless: GET, PUT and DELETE, and whatever carries an idempotency key.

        Args:
            method: The HTTP method.
            path: Below the server's address, or an address of the server itself, as in `next`.
            idempotency_key: Makes a POST that creates something repeatable.
            headers: More headers.
            retries: Off for callers that repeat by themselves.
            timeout_s: How long the answer may take, instead of the usual.
            options: `json`, `params`, `content`, `data`, `files` as httpx takes them.

        Raises:
            ClientError: The kind for the status; see `clients.errors`.
        """
        sent_headers = dict(headers or {})
        if idempotency_key is not None:
            sent_headers["Idempotency-Key"] = idempotency_key
        is_repeatable = method in ("GET", "PUT", "DELETE", "HEAD") or idempotency_key is not None
        # What is streamed from an iterator is used up by the first try.
        is_repeatable = is_repeatable and isinstance(options.get("content"), bytes | str | None)
        last = len(RETRY_WAITS_S) if retries and is_repeatable else 0
        for tries in range(last + 1):
            try:
                return self._send(method, path, sent_headers, timeout_s, options)
            except BROKEN as error:
                if tries == last or not is_worth_repeating(error):
                    raise
                wait_before_repeating(error, tries)
        raise AssertionError("unreachable")

    @contextmanager
    def stream(
        self, path: str, *, method: str = "GET", timeout_s: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        """Open a response whose body is read piece by piece.

        Raises:
            ClientError: As `request`; `ClientResponseIncompleteError` when the body breaks off.
        """

        with (
            _explained(self.url, method),
            self._client().stream(
                method, self.resolve(path), timeout=self._timeout(timeout_s), **options
            ) as response,
        ):
            if not response.is_success:
                response.read()
                raise _error_of(response)
            yield response

    def resolve(self, path: str) -> str:
        """Return the whole address of a path.

        Raises:
            ClientError: It is an address of another server, which must not see the token.
        """
        if "://" not in path:
            return f"{self.url}/{path.lstrip('/')}"
        mine, other = urlsplit(self.url), urlsplit(path)
        if (mine.scheme, mine.netloc) != (other.scheme, other.netloc):
            raise ClientError(
                None,
                f"The server {self.url} names an address of another one: {other.scheme}://{other.netloc}.",
                hint="Requests go only to the server that you logged in to.",
            )
        return path

    def close(self) -> None:
        """Close the connections."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        timeout_s: float | None,
        options: dict[str, Any],
    ) -> Any:
        with _explained(self.url, method):
            response = self._client().request(
                method, self.resolve(path), headers=headers, timeout=self._timeout(timeout_s), **options
            )
        if not response.is_success:  # a redirect, too: it would lead away from the server that we trust
            raise _error_of(response)
        if not response.content:
            return None
        if "json" in response.headers.get("content-type", ""):
            return response.json()
        return response.text

    def _client(self) -> httpx.Client:
        scheme = urlsplit(self.url).scheme
        with self._opening:
            if self._opened is None or self._opened_for != scheme:
                load_httpx()
                import httpx

                self.close()
                # A redirect would carry the token to wherever it points.
                self._opened = httpx.Client(
                    headers=self._headers,
                    follow_redirects=self._follows_redirects,
                    trust_env=True,
                    verify=True if scheme == "https" else _trust_nobody(),
                )
                self._opened_for = scheme
            return self._opened

    def _timeout(self, timeout_s: float | None) -> httpx.Timeout:
        import httpx

        return httpx.Timeout(timeout_s or self._read_timeout_s, connect=CONNECT_TIMEOUT_S)


def is_worth_repeating(error: ClientError) -> bool:
    """May it succeed in a moment: no answer came, or the server can not just now?"""
    return error.status_code in _RETRIED


def wait_before_repeating(error: ClientError, tries: int, waits_s: Sequence[float] = RETRY_WAITS_S) -> None:
    """Wait as long as the server asks for, else longer with each of the `tries` that failed before."""
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    time.sleep(error.details.get("retry_after_s") or waits_s[tries] * jitter)


def is_address(url: str) -> bool:
    """Is this an address that a server can have: http or https, a host, no password in it?"""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return is_good and not (parts.username or parts.password or parts.query or parts.fragment)


def _trust_nobody() -> ssl.SSLContext:
    """Return what an address without TLS is spoken to with: to read all authorities takes a while.

    Should it be used for TLS after all, every certificate is refused.
    """
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _refuse_odd(name: str, value: str) -> None:
    # Here, and without the value: of a header that can not be sent, the HTTP client shows all.
    secret = value.removeprefix("Token ").removeprefix("Basic ")
    odd = next((letter for letter in secret if not "!" <= letter <= "~"), None)
    if odd is not None:
        raise AuthenticationError(
            f"What {name} is to carry holds {odd!a} after {secret.index(odd)} characters, and no token does.",
            hint="Give it as it was shown when it was made: one word, without an end of line.",
        )


@contextmanager
def _explained(url: str, method: str) -> Iterator[None]:
    """Turn what httpx raises into our errors, which name the server."""
    load_httpx()
    import httpx

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ClientConnectionError(
            f"The server {url} can not be reached: {str(error).rstrip('.')}.",
            hint="Is it running, and is the address right? `synapse doctor` shows where it comes from.",
        ) from error
    except httpx.TimeoutException as error:
        if method in ("POST", "PATCH"):
            raise ClientResponseIncompleteError(
                f"The server {url} did not answer in time; the request may have been carried out."
            ) from error
        raise ClientTimeoutError(f"The server {url} did not answer in time.") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise ClientResponseIncompleteError(
            f"The connection to {url} broke: {str(error) or type(error).__name__}."
        ) from error


def _error_of(response: httpx.Response) -> ClientError:
    try:
        document = response.json()
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {"detail": document}
    detail = document.pop("detail", None) or response.text[:500] or response.reason_phrase
    hint = document.pop("hint", None)
    status = response.status_code
    facts: dict[str, Any] = {"problem": document} if document else {}
    if (wait_s := _retry_after_s(response.headers.get("retry-after"))) is not None:
        facts["retry_after_s"] = wait_s
    if document.get("error_type") == "gpu_unavailable":
        return GpuUnavailableError(detail, hint=hint, details=facts)
    return error_of_status(status, detail, hint=hint, details=facts)


def _retry_after_s(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        wait_s = float(value)
    except ValueError:
        try:
            wait_s = (parsedate_to_datetime(value) - utc_now()).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(wait_s, 0.0), RETRY_AFTER_LIMIT_S)
