"""A search's table, put together from its events."""

from __future__ import annotations

from synapse_sdk.plugins.trial_rows import TrialRows


def table(best: str = "", **rows: float | None) -> dict[str, object]:
    return {
        "base": ["trial_id", "status"],
        "hyperparameters": ["rate"],
        "metrics": ["loss"],
        "best_trial": best,
        "trials": {
            name: {
                "base": {"trial_id": name, "status": "running" if loss is None else "completed"},
                "hyperparameters": {"rate": 1},
                "metrics": {} if loss is None else {"loss": loss},
            }
            for name, loss in rows.items()
        },
    }


def test_rows_take_the_place_of_older_ones():
    found = TrialRows.read([table(a=None), table("a", a=3), table("a", b=None), table("b", b=2)])

    assert found.columns == ["trial", "status", "rate", "loss"]
    assert found.list_rows() == [["a", "completed", 1, 3], ["b", "completed", 1, 2]]
    assert found.best_trial == "b"


def test_a_whole_table_each_time_gives_the_same():
    assert (
        TrialRows.read([table(a=None), table("b", a=3, b=2)]).list_rows()
        == TrialRows.read([table("b", a=3, b=2)]).list_rows()
    )


def test_a_trial_that_has_no_numbers_yet_has_none():
    found = TrialRows.read([table(a=None)])

    assert found.list_rows() == [["a", "running", 1, None]]
    assert found.to_document()["best_trial"] is None


def test_what_is_no_table_is_no_row():
    # Plugins log what they like under this name.
    found = TrialRows.read([{"trials": 3, "metrics": "loss"}, {"trials": {"a": 1, "b": {"base": 2}}}])

    assert found.list_rows() == [["b", None]]
