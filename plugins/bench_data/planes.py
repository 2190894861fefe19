"""Data sets of points in the plane, whose modes are known; `bench_data.plane` draws them."""

from __future__ import annotations

from bench import DatasetSpec, Space

__all__ = ["PLANE"]

SAMPLES = 7000


def _spec(name: str, loader: str, summary: str, reach: float, modes: int, citation: str) -> DatasetSpec:
    return DatasetSpec(
        name=name,
        target=f"bench_data.plane:{loader}",
        summary=summary,
        inputs=Space("c", (2,), bounds=(-reach, reach), names=("x", "y")),
        targets=Space(kind="index", size=modes, names=tuple(f"mode {n + 1}" for n in range(modes))) if modes else None,
        sample_count=SAMPLES,
        has_official_test=True,
        licence="none needed: drawn by depthbench",
        source="generated",
        citation=citation,
        embedded_in="bench_data",
    )


PLANE = (
    _spec(
        "ring-8", "load_ring", "7,000 points in the plane, 8 narrow modes on a circle", 1.25, 8,
        "A. Srivastava et al.: VEEGAN, reducing mode collapse in GANs using implicit variational learning, 2017",
    ),
    _spec(
        "grid-25", "load_grid", "7,000 points in the plane, 25 narrow modes on a grid", 5.0, 25,
        "Z. Lin et al.: PacGAN, the power of two samples in generative adversarial networks, 2018",
    ),
    _spec(
        "swiss-roll", "load_roll", "7,000 points in the plane, a spiral with noise", 1.1, 0,
        "S. Marsland: Machine learning, an algorithmic perspective, 2009, chapter 10",
    ),
)  # fmt: skip
