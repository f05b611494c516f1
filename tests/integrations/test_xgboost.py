"""xgboost itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost
import xgboost.sklearn
import xgboost.training
from tests.integrations.conftest import Reports

from synapse_sdk.integrations import _reporter

RNG = np.random.default_rng(1)
DATA = RNG.normal(size=(200, 4))
TARGET = (DATA[:, 0] + DATA[:, 1] > 0).astype(int)
PARAMS = {"objective": "binary:logistic", "eval_metric": ["logloss", "error"], "nthread": 1}


def train(**options: Any) -> xgboost.Booster:
    data = xgboost.DMatrix(DATA, TARGET)
    return xgboost.train(
        PARAMS, data, 12, evals=[(data, "train"), (data, "validation")], verbose_eval=False, **options
    )


def test_each_round_is_reported_under_the_name_of_its_data(reports: Reports) -> None:
    history: dict[str, Any] = {}

    def execute(action: Any) -> None:
        action.autolog("xgboost")
        train(evals_result=history)

    reports.action(execute).run()

    assert [point["logloss"] for point in reports.metrics("train")] == pytest.approx(
        history["train"]["logloss"]
    )
    assert [point["error"] for point in reports.metrics("validation")] == pytest.approx(
        history["validation"]["error"]
    )
    assert reports.last_progress() == (12, 12)
    assert reports.texts() == ["Training for 12 epochs.", *(f"Epoch {n} of 12." for n in (1, 10, 12))]


def test_the_scikit_learn_classes_report_too(reports: Reports) -> None:
    def execute(action: Any) -> None:
        action.autolog("xgboost")
        model = xgboost.XGBClassifier(n_estimators=5, n_jobs=1)
        model.fit(DATA, TARGET, eval_set=[(DATA, TARGET)], verbose=False)

    reports.action(execute).run()

    assert len(reports.metrics("validation_0")) == 5


def test_a_training_that_ends_early_is_complete(reports: Reports) -> None:
    def execute(action: Any) -> None:
        action.autolog("xgboost")
        train(callbacks=[xgboost.callback.EarlyStopping(rounds=1, min_delta=10.0)])

    reports.action(execute).run()

    assert len(reports.metrics("train")) < 12
    assert reports.last_progress() == (12, 12)


def test_nothing_stays_patched(reports: Reports) -> None:
    before = [module.train for module in (xgboost, xgboost.training, xgboost.sklearn)]

    reports.action(lambda action: action.autolog("xgboost")).run()

    assert [module.train for module in (xgboost, xgboost.training, xgboost.sklearn)] == before
    train()
    assert reports.metrics("train") == []


def test_a_report_that_fails_is_told_once_and_the_training_goes_on(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("renamed")

    monkeypatch.setattr(_reporter.Reporter, "metrics", fail)
    boosters = []

    def execute(action: Any) -> None:
        action.autolog("xgboost")
        boosters.append(train())

    reports.action(execute).run()

    assert boosters[0].num_boosted_rounds() == 12
    told = [text for text in reports.texts() if "could not report" in text]
    assert told == ["autolog('xgboost') could not report: KeyError: 'renamed'. The training goes on."]
