"""lightgbm itself."""

from __future__ import annotations

from typing import Any

import lightgbm
import lightgbm.engine
import lightgbm.sklearn
import numpy as np
import pytest
from tests.integrations.conftest import Reports

RNG = np.random.default_rng(1)
DATA = RNG.normal(size=(200, 4))
TARGET = (DATA[:, 0] + DATA[:, 1] > 0).astype(int)
METRICS = ["binary_logloss", "binary_error"]
PARAMS = {"objective": "binary", "metric": METRICS, "verbose": -1, "num_threads": 1}


def train(**options: Any) -> lightgbm.Booster:
    data = lightgbm.Dataset(DATA[:100], TARGET[:100])
    held_out = data.create_valid(DATA[100:], TARGET[100:])
    return lightgbm.train(PARAMS, data, 12, valid_sets=[held_out], valid_names=["validation"], **options)


def test_each_round_is_reported_under_the_name_of_its_data(reports: Reports) -> None:
    history: dict[str, Any] = {}

    def execute(action: Any) -> None:
        action.autolog("lightgbm")
        train(callbacks=[lightgbm.record_evaluation(history)])

    reports.action(execute).run()

    for name in METRICS:
        seen = [point[name] for point in reports.metrics("validation")]
        assert seen == pytest.approx(history["validation"][name])
    assert reports.last_progress() == (12, 12)


@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")  # its successor is not in 4.5
def test_the_scikit_learn_classes_report_too(reports: Reports) -> None:
    def execute(action: Any) -> None:
        action.autolog("lightgbm")
        model = lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1)
        model.fit(DATA, TARGET, eval_set=[(DATA, TARGET)], eval_names=["held out"])

    reports.action(execute).run()

    assert len(reports.metrics("held out")) == 5


def test_a_training_that_ends_early_is_complete_and_its_last_round_told(reports: Reports) -> None:
    boosters = []

    def execute(action: Any) -> None:
        action.autolog("lightgbm")
        boosters.append(train(callbacks=[lightgbm.early_stopping(1, min_delta=10.0, verbose=False)]))

    reports.action(execute).run()

    assert len(reports.metrics("validation")) == 2 > boosters[0].best_iteration
    assert reports.last_progress() == (12, 12)


def test_nothing_stays_patched(reports: Reports) -> None:
    before = [module.train for module in (lightgbm, lightgbm.engine, lightgbm.sklearn)]

    reports.action(lambda action: action.autolog("lightgbm")).run()

    assert [module.train for module in (lightgbm, lightgbm.engine, lightgbm.sklearn)] == before
    train()
    assert reports.metrics("validation") == []
