"""What benchmarks share: the peers' modules on the path, and a first run that has nothing to compare with."""

from __future__ import annotations

from pathlib import Path

import pytest

PEERS = Path(__file__).parent / "peers"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Compare only where an earlier run is stored: pytest-benchmark calls the first run a misuse."""
    storage = Path(config.getoption("benchmark_storage").removeprefix("file://"))
    if not any(storage.glob("*-*/0*.json")):
        config.option.benchmark_compare = None
        config.option.benchmark_compare_fail = []


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The peers' modules and their plugin, importable as their own scripts import them."""
    for place in (PEERS / "spans", PEERS / "plugin", PEERS):
        monkeypatch.syspath_prepend(place)
    return PEERS
