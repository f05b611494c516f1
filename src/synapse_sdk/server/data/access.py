"""Who may read what: people by their role, a job exactly what its envelope names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from synapse_sdk.server.http import ForbiddenError, Principal
from synapse_sdk.wire.envelope import InputReference

#: From a job's id to the inputs that its envelope names.
InputsOfJob = Callable[[str], Sequence[InputReference]]


def no_inputs(job_id: str) -> Sequence[InputReference]:
    """Name no inputs: a job that is not known reads nothing."""
    return ()


class DataAccess:
    """The rules of reading and creating in this subject."""

    def __init__(self, inputs_of_job: InputsOfJob = no_inputs) -> None:
        self._inputs_of_job = inputs_of_job

    def require_list(self, principal: Principal) -> None:
        """Let those pass who may look around. A job knows the ids that it may read."""
        principal.require("data:read")

    def find_inputs(self, principal: Principal) -> Sequence[InputReference] | None:
        """Return the inputs that bound a job's reading, None for those who may read everything.

        Raises:
            ForbiddenError: This token reads no data at all.
        """
        if principal.kind == "job" and principal.job_id is not None:
            return self._inputs_of_job(principal.job_id)
        principal.require("data:read")
        return None

    def require_input(
        self, principal: Principal, kind: str, number: int, *, version: int | None = None
    ) -> None:
        """Let those pass who may read this dataset (in this version, where one is given) or this model.

        Raises:
            ForbiddenError: The job's envelope does not name it.
        """
        inputs = self.find_inputs(principal)
        if inputs is None or _names(inputs, kind, number, version):
            return
        what = f"{kind} {number}" + ("" if version is None else f" in version {version}")
        raise ForbiddenError(
            f"This job may not read {what}: its envelope does not name it.",
            {"kind": kind, "id": number, "version": version, "job": principal.job_id},
            hint="Name it in the job's params when you submit it.",
        )

    def require_create(self, principal: Principal) -> None:
        """Let those pass who may bring in files and models; a job may."""
        if principal.kind != "job":
            principal.require("data:write")


def _names(inputs: Iterable[InputReference], kind: str, number: int, version: int | None) -> bool:
    return any(
        item.kind == kind and item.id == number and (version is None or item.version == version)
        for item in inputs
    )
