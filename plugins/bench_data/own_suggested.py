"""What a suite may compare on a user's own data: a short list of models, shallow and deep, and a budget."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["suggested"]

# Those that are not installed, or do not fit, are left out by whoever writes the suite.
MODELS = {
    "classification": (
        "baseline", "logistic-regression", "k-nearest-neighbours", "hist-gradient-boosting", "mlp-1", "mlp",
        "tabular-resnet",
    ),
    "regression": (
        "baseline", "ridge", "k-nearest-neighbours", "hist-gradient-boosting", "mlp-1", "mlp", "tabular-resnet",
    ),
    "images": ("baseline", "logistic-regression", "random-forest", "mlp-1", "lenet", "resnet-small"),
    "texts": ("baseline", "naive-bayes", "logistic-regression", "support-vector-machine", "gru", "transformer"),
    "forecasting": ("baseline", "seasonal-naive", "dlinear", "mlp-1", "gru", "n-beats", "patch-transformer"),
}  # fmt: skip
# Steps of training, about; and no more epochs than a small table can be shown without learning it by heart.
STEPS, EPOCHS = 1500, (5, 60)
TRAINING_SHARE = 0.64
# Below so many rows one cut decides more than most models do.
SMALL = 2000


def suggested(task: str, rows: int, *, content: str = "", settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the keys of a `[[compare]]`, and `seeds`: ten cuts of small data, five of larger."""
    batch_size = 64 if rows < 5000 else 256
    steps_an_epoch = max(1, math.ceil(TRAINING_SHARE * rows / batch_size))
    epochs = min(max(round(STEPS / steps_an_epoch), EPOCHS[0]), EPOCHS[1])
    budget = {"name": "fixed-budget", "epochs": epochs, "batch_size": batch_size, "learning_rate": 1e-3}
    count = 10 if rows < SMALL else 5
    if task == "forecasting":
        # Each further origin leaves a tenth of the series out.
        count = 3
    return {
        "task": {"name": task, **settings} if settings else task,
        "protocol": budget,
        "models": list(MODELS.get(content or task, ())),
        "splits": count,
        "seeds": count,
        # A second core is no help with batches as small as these, and another number of threads is another result.
        "threads": 1,
    }
