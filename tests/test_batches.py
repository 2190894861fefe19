"""The order of training: every sample once per epoch, the same batches for every model."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols import loop
from bench.tasks.base import Part

CPU = torch.device("cpu")


def numbered(count: int) -> Part:
    """Samples that say which they are."""
    return Part(torch.arange(count, dtype=torch.float32).reshape(-1, 1), torch.arange(count))


def epoch(count: int, size: int, seed: int = 0) -> list[Part]:
    source = loop.batches(numbered(count), size, seed, CPU)
    return list(islice(source, loop.steps_per_epoch(count, size)))


@given(count=st.integers(1, 70), size=st.integers(1, 80), gathered=st.integers(1, 2000))
def test_an_epoch_holds_every_sample_once_but_for_a_last_single_one(count, size, gathered):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "GATHERED_BYTES", gathered)
        batches = epoch(count, size)
    seen = torch.cat([batch.y for batch in batches]).tolist()
    left_out = size > 1 and count > 1 and count % size == 1
    assert len(seen) == len(set(seen)) == count - left_out
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(torch.equal(batch.x[:, 0].long(), batch.y) for batch in batches)


@given(count=st.integers(2, 70), size=st.integers(1, 80), gathered=st.integers(1, 2000))
def test_how_much_is_gathered_at_once_changes_no_batch(count, size, gathered):
    expected = epoch(count, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "GATHERED_BYTES", gathered)
        found = epoch(count, size)
    assert [batch.y.tolist() for batch in found] == [batch.y.tolist() for batch in expected]


def test_the_seed_decides_the_order_and_epochs_differ():
    steps = loop.steps_per_epoch(40, 8)
    two = [list(islice(loop.batches(numbered(40), 8, seed, CPU), 2 * steps)) for seed in (3, 3, 4)]
    first, again, other = ([batch.y.tolist() for batch in batches] for batches in two)
    assert first == again != other
    assert first[:steps] != first[steps:]
