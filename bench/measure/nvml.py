"""The door to NVIDIA's management library: which of its GPUs a CUDA device is."""

from __future__ import annotations

from typing import Any

__all__ = ["gpu"]


def gpu(device: str) -> tuple[Any, Any] | None:
    """Return the library and its handle of a CUDA device; None without `nvidia-ml-py` or where NVML does not answer.

    NVML numbers all GPUs, torch only the visible ones: only the identifier says which is which.
    """
    try:
        import pynvml
    except ImportError:
        return None
    import torch

    identifier = torch.cuda.get_device_properties(device).uuid
    try:
        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{identifier}")
    except pynvml.NVMLError:
        return None
