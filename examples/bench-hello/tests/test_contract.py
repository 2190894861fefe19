"""Does every model of this plugin keep its side of the bargain?"""

from __future__ import annotations

import pytest
from bench_hello import bench_models

from bench import ModelSpec
from bench.testing import check_model


@pytest.mark.parametrize("spec", list(bench_models()), ids=lambda spec: spec.name)
def test_contract(spec: ModelSpec) -> None:
    check_model(spec)
