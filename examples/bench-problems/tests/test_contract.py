"""Does everything that this plugin offers keep its side of the bargain?"""

from __future__ import annotations

import pytest
from bench_problems import bench_datasets, bench_metrics, bench_models, bench_tasks

from bench import DatasetSpec, ModelSpec
from bench.testing import check_dataset, check_model, check_task, tiny_dataset

TASKS = {spec.name: spec for spec in bench_tasks()}
DATASETS = {spec.name: spec for spec in bench_datasets()}
ASKED = {"plain-regression": "diabetes-progression", "next-character": "tale", "super-resolution": "shapes"}
# A model is tried on a little of each kind of data; the tale must hold a few windows.
TINY = [tiny_dataset(spec, 2_000 if spec.ordered else 120) for spec in DATASETS.values()]


@pytest.mark.parametrize("spec", DATASETS.values(), ids=lambda spec: spec.name)
def test_a_data_set_holds_what_it_declares(spec: DatasetSpec) -> None:
    check_dataset(spec)


@pytest.mark.parametrize(("task", "dataset"), ASKED.items(), ids=list(ASKED))
def test_a_task_fits_on_training_data_alone_and_is_scored_from_what_is_kept(task: str, dataset: str) -> None:
    check_task(TASKS[task], DATASETS[dataset], metrics=list(bench_metrics()))


@pytest.mark.parametrize("spec", list(bench_models()), ids=lambda spec: spec.name)
def test_a_model_does_what_its_roles_say(spec: ModelSpec) -> None:
    check_model(spec, tasks=TASKS.values(), datasets=TINY)
