"""`start.json`: what a supervisor shall start. From the agent, for the supervisor; no secrets in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write

FILE_NAME = "start.json"
#: Variables of the agent's own environment that a worker needs on this machine: paths, locale, certificates,
#: devices. `*` stands for any ending. Nothing else is handed on: the agent's may hold secrets.
PASSED_ON = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_*",
    "SSL_CERT_*", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "LD_LIBRARY_PATH", "CUDA_*", "NVIDIA_*", "OMP_*", "MKL_*", "OPENBLAS_*",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOrder:
    """A worker that shall run."""

    job: str
    attempt: int
    argv: tuple[str, ...]
    cwd: str
    #: Set for the worker, over what is passed on.
    env: Mapping[str, str] = field(default_factory=dict)
    #: Names of variables of the supervisor's own environment that the worker gets.
    env_passthrough: tuple[str, ...] = PASSED_ON
    #: Longest run time in seconds; None for no limit.
    time_limit_s: float | None = None
    #: Seconds between asking the worker to end and killing it.
    grace_s: float = 10.0

    @classmethod
    def load(cls, folder: Path) -> StartOrder:
        """Read the order in an attempt's folder."""
        document = json.loads((folder / FILE_NAME).read_bytes())
        document["argv"] = tuple(document["argv"])
        document["env_passthrough"] = tuple(document["env_passthrough"])
        return cls(**document)

    def write(self, folder: Path) -> None:
        """Put the order into an attempt's folder."""
        atomic_write(folder / FILE_NAME, json.dumps(asdict(self), indent=2).encode() + b"\n", mode=0o600)

    def build_environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the worker's variables."""
        passed = {name: value for name, value in environ.items() if self._is_passed_on(name)}
        return {**passed, **self.env}

    def _is_passed_on(self, name: str) -> bool:
        return any(
            name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
            for pattern in self.env_passthrough
        )
