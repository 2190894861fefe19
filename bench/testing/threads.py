"""One thread for computations on a few samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.specs import module_spec

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: on a few samples, threads that wait for each other take a hundred times as long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if module_spec("threadpoolctl") is None:
            yield
        else:
            from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

            with threadpool_limits(1):
                yield
    finally:
        torch.set_num_threads(before)
