"""The contract tests that a plugin author runs: does a model, a data set or a task keep its side of the bargain?

@pytest.mark.parametrize("spec", list(my_plugin.bench_models()), ids=lambda spec: spec.name)
def test_contract(spec):
    check_model(spec)
"""

from bench.testing.datasets import check_dataset
from bench.testing.fresh import scores_in_fresh_process
from bench.testing.models import check_hyperparameters, check_model
from bench.testing.tasks import check_task
from bench.testing.tiny import tiny_dataset, tiny_datasets

__all__ = [
    "check_dataset",
    "check_hyperparameters",
    "check_model",
    "check_task",
    "scores_in_fresh_process",
    "tiny_dataset",
    "tiny_datasets",
]
