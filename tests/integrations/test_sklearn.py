"""scikit-learn itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from tests.integrations.conftest import Reports

RNG = np.random.default_rng(1)
DATA = RNG.normal(size=(60, 4))
TARGET = (DATA[:, 0] > 0).astype(int)


def report(reports: Reports, train: Any) -> list[dict[str, float]]:
    def execute(action: Any) -> None:
        action.autolog("sklearn")
        train()

    reports.action(execute).run()
    return reports.metrics("train")


def fit_in_batches(model: Any, **options: Any) -> Any:
    for start in range(0, 60, 20):
        model.partial_fit(DATA[start : start + 20], TARGET[start : start + 20], classes=[0, 1], **options)
    return model


def test_each_batch_is_reported_with_its_loss_and_score(reports: Reports) -> None:
    models = []

    points = report(reports, lambda: models.append(fit_in_batches(MLPClassifier(random_state=0))))

    assert [point["sample_count"] for point in points] == [20, 40, 60]
    assert points[-1]["loss"] == pytest.approx(models[0].loss_)
    assert points[-1]["score"] == models[0].score(DATA[40:], TARGET[40:])


def test_an_estimator_without_a_target_reports_what_it_has(reports: Reports) -> None:
    points = report(reports, lambda: MiniBatchKMeans(2, random_state=0).partial_fit(X=DATA))

    assert points[0].keys() == {"sample_count", "inertia"}


@pytest.mark.parametrize("make", [csr_matrix, csr_array, np.ndarray.tolist])
def test_a_batch_may_be_sparse_or_a_list(make: Any, reports: Reports) -> None:
    points = report(reports, lambda: SGDClassifier().partial_fit(make(DATA), TARGET, classes=[0, 1]))

    assert [point["sample_count"] for point in points] == [60]
    assert points[0].keys() == {"sample_count", "score"}


def test_what_is_made_of_others_reports_once_a_batch(reports: Reports) -> None:
    points = report(reports, lambda: fit_in_batches(OneVsRestClassifier(SGDClassifier(random_state=0))))

    assert [point["sample_count"] for point in points] == [20, 40, 60]


def test_a_class_that_is_defined_later_reports_too_and_calls_its_base_once(reports: Reports) -> None:
    def train() -> None:
        class Later(SGDClassifier):
            def partial_fit(self, *args: Any, **options: Any) -> Any:
                return super().partial_fit(*args, **options)

        class Own(ClassifierMixin, BaseEstimator):
            def partial_fit(self, data: Any, target: Any, classes: Any) -> Any:
                return self

            def predict(self, data: Any) -> Any:
                return np.zeros(len(data), dtype=int)

        fit_in_batches(Later(random_state=0))
        fit_in_batches(Own())

    assert [point["sample_count"] for point in report(reports, train)] == [20, 40, 60] * 2


def test_what_an_estimator_can_not_is_still_not_there(reports: Reports) -> None:
    def train() -> None:
        assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
        with pytest.raises(AttributeError, match="partial_fit"):
            MLPClassifier(solver="lbfgs").partial_fit(DATA, TARGET)
        pickle.loads(pickle.dumps(fit_in_batches(SGDClassifier(random_state=0))))

    assert len(report(reports, train)) == 3


def test_nothing_stays_patched(reports: Reports) -> None:
    owners = (MLPClassifier, SGDClassifier.__mro__[1], MiniBatchKMeans, BaseEstimator)
    before = [dict(vars(owner)) for owner in owners]

    report(reports, lambda: None)

    assert [dict(vars(owner)) for owner in owners] == before
    fit_in_batches(SGDClassifier(random_state=0))
    assert reports.metrics("train") == []
