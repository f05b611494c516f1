"""Projects, tasks, assignments and ground truths, as the vendor's servers offer them.

Source: interface sheet `platform.md` §3.2; `actions.md` §10. A server of ours has none of them and answers
404.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

Document = dict[str, Any]
#: A page as the server sends it; or with `list_all=True` an iterator over all pages, and the count.
Listed = Document | tuple[Iterator[Document], int]


class LabellingRequests:
    """The part of a `BackendClient` that speaks about labelling. Ids may be numbers or texts."""

    def get_project(self, project: int) -> Document:
        """Return a project; `configuration` says what its people label, and how."""
        return self._get(f"projects/{_part(project)}/")

    def get_data_collection(self, collection: int) -> Document:
        """Return a data collection with its `file_specifications`."""
        return self._get(f"data_collections/{_part(collection)}/", {"expand": "file_specifications"})

    def get_data_unit(self, unit: int) -> Document:
        """Return a data unit with its `files`, by name; nothing is downloaded."""
        return self._get(f"data_units/{_part(unit)}/", {"expand": "files"})

    def get_task(self, task: int, params: Mapping[str, Any] | None = None) -> Document:
        """Return a task."""
        return self._get(f"tasks/{_part(task)}/", params)

    def list_tasks(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Listed:
        """List tasks; `params` narrow them down."""
        return self._list("sdk/tasks/", params, list_all=list_all, size_name="page_size")

    def annotate_task_data(
        self, task: int, data: Mapping[str, Any], schema: str | None = None
    ) -> Document | None:
        """Give a task its annotations: `{action: "submit", data: …}`.

        Args:
            task: Its id.
            data: The body.
            schema: What the server shall check it against: "dm_schema_v1" or "any"; its own choice unless
                given.
        """
        params = {} if schema is None else {"schema": schema}
        return self._put(f"tasks/{_part(task)}/annotate_task_data/", data, params)

    def get_assignment(self, assignment: int, params: Mapping[str, Any] | None = None) -> Document:
        """Return an assignment."""
        return self._get(f"assignments/{_part(assignment)}/", params)

    def list_assignments(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Listed:
        """List assignments; `params` narrow them down."""
        return self._list("sdk/assignments/", params, list_all=list_all, size_name="page_size")

    def list_ground_truth_events(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False
    ) -> Listed:
        """List events of ground truths; `params` narrow them down."""
        return self._list("sdk/ground_truth_events/", params, list_all=list_all, size_name="page_size")

    def get_ground_truth_version(self, version: int) -> Document:
        """Return a version of a ground truth dataset."""
        return self._get(f"ground_truth_dataset_versions/{_part(version)}/")

    def create_serve_application(self, data: Mapping[str, Any]) -> Document:
        """Record that a job serves an application: `{job, status?, data?}`."""
        return self._post("serve_applications/", data)

    def list_serve_applications(
        self, params: Mapping[str, Any] | None = None, *, list_all: bool = False
    ) -> Listed:
        """List applications that are served; `params` narrow them down."""
        return self._list("serve_applications/", params, list_all=list_all, size_name="page_size")

    def override_best_trial(self, job: int | str, data: Mapping[str, Any]) -> Document | None:
        """Record which trial of a job's search is the best: `{trial_id, **hyperparameters}`."""
        return self._put(f"trains/{_part(job)}/override_best_trial/", data, {})

    def open_storage_session(self, storage: int, purpose: str) -> Document:
        """Return how to reach a storage: `{provider, configuration, expires_at?, contract_version}`.

        Args:
            storage: Its id.
            purpose: "read" or "write".

        Raises:
            NotFoundError: No such storage, or the server opens no sessions; `get_storage` then says as much.
        """
        return self._post(f"storages/{_part(storage)}/session/", {"purpose": purpose})

    @abstractmethod
    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Document: ...

    @abstractmethod
    def _post(self, path: str, data: Mapping[str, Any]) -> Document: ...

    @abstractmethod
    def _put(self, path: str, data: Mapping[str, Any], params: Mapping[str, Any]) -> Document | None: ...

    @abstractmethod
    def _list(
        self, path: str, params: Mapping[str, Any] | None, *, list_all: bool, size_name: str = "limit"
    ) -> Listed: ...


def _part(value: int | str) -> str:
    return quote(str(value), safe="")
