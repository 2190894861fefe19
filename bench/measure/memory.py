"""The peak of a run's own memory, and the size of its model on disk."""

from __future__ import annotations

import ctypes
import gc
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from bench.measure import proc as kernel
from bench.record import Memory

if TYPE_CHECKING:
    import torch

__all__ = ["PeakMemory", "is_out_of_memory", "model_bytes"]

WATCH_SECONDS = 0.1
RESET_TOLERANCE_BYTES = 2**20
FAILED_ALLOCATION = ("can't allocate memory", "Cannot allocate memory", "out of memory", "bad_alloc")


class PeakMemory:
    """Memory that the work between `start` and `stop` needs at its peak, beyond what the process held before.

    On Linux the kernel's own high-water mark is reset at the start, so no allocation is too short to be seen.
    Child processes (data loader workers) are looked at every 0.1 s; the largest sum of their private memory
    is added to the peak of the process itself, an upper bound when the two peaks lie apart. On CUDA the peaks
    are those of torch's allocator and hold everything on the device: data, parameters, activations; not the
    context. Warm the model up before `start`, or the libraries' own buffers count as the model's.
    What is done while it is `paused` is no part of the work: of the reserved peak on CUDA alone it may be, since the
    allocator keeps what it has. `proc` is for tests.
    """

    def __init__(self, device: torch.device | str = "cpu", *, proc: Path = kernel.PROC) -> None:
        self._device, self._proc = str(device), proc
        self._baseline: int | None = None
        self._own_peak = self._aside = 0
        self._cuda_peaks: dict[str, int] = {}
        # What the last `stop` told: all that is known of training that failed.
        self.last: Memory | None = None
        self._children = _Children(proc)

    def start(self) -> None:
        """Forget all earlier peaks."""
        gc.collect()
        self._reset_cuda()
        _return_free_memory()
        self._own_peak, self._aside, self._cuda_peaks = 0, 0, {}
        self._children.start()
        self._baseline = _reset_high_water_mark(self._proc)

    @contextmanager
    def paused(self, aside: Callable[[], int] = lambda: 0) -> Iterator[None]:
        """Leave out what is done inside; `aside` tells how many bytes in all the caller has kept there for itself."""
        if not self._children.is_running:
            yield
            return
        self._see()
        before = self._resident()
        try:
            yield
        finally:
            # Heap that the pause has freed would stand in every later mark; but a little of it is cheaper kept than
            # given back and faulted in anew, on the training clock.
            if self._resident() - before > RESET_TOLERANCE_BYTES:
                _return_free_memory()
            _reset_high_water_mark(self._proc)
            if self._device.startswith("cuda"):
                import torch

                torch.cuda.reset_peak_memory_stats(self._device)
            self._aside = aside()

    def stop(self) -> Memory:
        """Return the peaks since `start`; None for those this machine cannot tell."""
        if not self._children.is_running:
            raise RuntimeError("PeakMemory.stop() was called without start()")
        self._see()
        children = self._children.stop()
        peak = None if self._baseline is None else self._own_peak + children
        self.last = Memory(peak_memory_bytes=peak, **self._cuda_peaks)
        return self.last

    def _resident(self) -> int:
        return kernel.sizes(self._proc / "self" / "status").get("VmRSS", 0)

    def _see(self) -> None:
        """Take the peaks since the last reset in."""
        mark = kernel.sizes(self._proc / "self" / "status").get("VmHWM")
        if self._baseline is not None and mark is not None:
            self._own_peak = max(self._own_peak, mark - self._baseline - self._aside)
        for name, peak in self._read_cuda().items():
            self._cuda_peaks[name] = max(self._cuda_peaks.get(name, 0), peak)

    def _reset_cuda(self) -> None:
        if not self._device.startswith("cuda"):
            return
        import torch

        torch.cuda.synchronize(self._device)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self._device)

    def _read_cuda(self) -> dict[str, int]:
        if not self._device.startswith("cuda"):
            return {}
        import torch

        return {
            "cuda_allocated_bytes": torch.cuda.max_memory_allocated(self._device),
            "cuda_reserved_bytes": torch.cuda.max_memory_reserved(self._device),
        }


class _Children:
    """A thread that keeps by how much the private memory of all descendants grew at most since its start, in bytes."""

    def __init__(self, proc: Path) -> None:
        self._proc = proc
        self._peak = self._before = 0
        self._stop = Event()
        self._threads: list[Thread] = []

    @property
    def is_running(self) -> bool:
        return bool(self._threads)

    def start(self) -> None:
        # Workers that an earlier fit left running are not this one's.
        self._peak = self._before = self._sum()
        self._stop.clear()
        self._threads = [Thread(target=self._watch, name="memory of children", daemon=True)]
        self._threads[0].start()

    def stop(self) -> int:
        self._stop.set()
        self._threads.pop().join()
        self._look()
        return self._peak - self._before

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            self._look()

    def _look(self) -> None:
        self._peak = max(self._peak, self._sum())

    def _sum(self) -> int:
        return sum(_private_peak(self._proc / str(pid)) for pid in kernel.descendants("self", self._proc))


def _private_peak(process: Path) -> int:
    """Return the peak of what a process does not share with its parent, in bytes.

    The mark of a forked process begins at its parent's size, so what it shares now is taken off.
    """
    rollup, status = kernel.sizes(process / "smaps_rollup"), kernel.sizes(process / "status")
    if "Rss" not in rollup or "VmHWM" not in status:
        return 0
    private = rollup["Private_Clean"] + rollup["Private_Dirty"]
    return max(private, status["VmHWM"] - (rollup["Rss"] - private))


def _reset_high_water_mark(proc: Path) -> int | None:
    """Set the mark back to the present size and return that in bytes; None where the kernel does not."""
    try:
        (proc / "self" / "clear_refs").write_text("5")
    except OSError:
        return None
    status = kernel.sizes(proc / "self" / "status")
    if "VmRSS" not in status or "VmHWM" not in status:
        return None
    # Some sandboxes accept the write and do nothing: then the mark is the whole life's, not the run's.
    was_reset = status["VmHWM"] - status["VmRSS"] <= RESET_TOLERANCE_BYTES
    return status["VmRSS"] if was_reset else None


def _return_free_memory() -> None:
    """Give freed heap back to the system, or a small run after a big one would reuse it unseen."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc only
        trim(0)


def is_out_of_memory(error: BaseException) -> bool:
    """Did an allocation fail? On the CPU torch says so by a plain RuntimeError."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError | OSError) and any(sign in str(error) for sign in FAILED_ALLOCATION)


def model_bytes(model: Any) -> int | None:
    """Return the size of a model on disk in bytes; None for an object that cannot be serialised.

    A torch module counts as its state in safetensors, where tensors that share memory are stored once;
    anything else as its pickle.
    """
    import torch

    if isinstance(model, torch.nn.Module):
        return _safetensors_bytes(model)
    counter = _Counter()
    try:
        pickle.Pickler(counter, protocol=5).dump(model)
    except (pickle.PicklingError, TypeError, AttributeError):
        return None
    return counter.bytes


def _safetensors_bytes(module: torch.nn.Module) -> int:
    import torch
    from safetensors.torch import save

    distinct: dict[tuple[Any, ...], tuple[str, torch.Tensor]] = {}
    for name, tensor in module.state_dict().items():
        if isinstance(tensor, torch.Tensor):
            place = (tensor.untyped_storage().data_ptr() if tensor.numel() else name, tensor.storage_offset())
            distinct.setdefault((*place, tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype), (name, tensor))
    # clone() parts views of one storage, which safetensors refuses to save.
    return len(save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in distinct.values()}))


class _Counter:
    """A file that keeps only how much was written to it."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, chunk: Any) -> int:
        size = memoryview(chunk).nbytes
        self.bytes += size
        return size
