"""A search over hyperparameters: the same training, once for each draw from a space. A lazy door.

```text
hyperparameters ──SearchSpace──▶ draws ─┐
tune_config ──────TuneConfig────────────┴▶ LocalSearch ──one by one──▶ Trial ──▶ table, models, best
```

Source: interface sheet `actions.md` §2.4. Trials that run beside each other, and the algorithms and
schedulers that need Ray, are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.tune.config import TuneConfig as TuneConfig
    from synapse_sdk.plugins.actions.train.tune.search import LocalSearch as LocalSearch
    from synapse_sdk.plugins.actions.train.tune.space import SearchSpace as SearchSpace
    from synapse_sdk.plugins.actions.train.tune.trial import Trial as Trial

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "LocalSearch": "search",
        "SearchSpace": "space",
        "Trial": "trial",
        "TuneConfig": "config",
    },
)
