"""Compare Fréchet distances, Inception's features and whole folders with pytorch-fid and torchmetrics, in turn."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compare import HERE, last_json, machine, median, rounds, run, table, verdict, write

# features, images: of the first two by their statistics, of the last by its features, which are fewer than dimensions
SIZES = {"d = 64": (64, 10_000), "d = 768": (768, 10_000), "d = 2048": (2048, 10_000), "d = 2048, N = 500": (2048, 500)}
FEATURES, FOLDERS = "Inception's features", "two folders"
CONTENDERS = ("depthbench", "pytorch-fid", "torchmetrics")
# Seconds of depthbench over those of the peer, at most.
BARS = {
    ("d = 2048", "pytorch-fid"): 1 / 8,
    ("d = 2048", "torchmetrics"): 1 / 2.5,
    ("d = 2048, N = 500", "pytorch-fid"): 1 / 100,
    (FEATURES, "pytorch-fid"): 1 / 1.7,
    (FOLDERS, "pytorch-fid"): 1 / 1.6,
}
SIDE = 64
Answers = Mapping[str, Sequence[Mapping[str, Any]]]


def main() -> None:
    """Run the comparison; with --check, end with 1 where a bar was missed."""
    options = _arguments()
    if options.alone:
        print(json.dumps(alone(*options.alone, Path(options.folder))))
        return
    print(f"# Distances\n\n{machine()}\n")
    measured: dict[str, Answers] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.images)
        for workload in options.workloads:
            measured[workload] = measure(workload, folder, options.rounds)
            print(report(workload, measured[workload]), end="\n\n", flush=True)
    lines = bars(measured)
    print("\n".join(lines))
    write(options.json, {"rounds": options.rounds, "images": options.images, "measured": measured})
    if options.check and any("MISSED" in line for line in lines):
        sys.exit(1)


def measure(workload: str, folder: Path, count: int) -> Answers:
    """Return what every contender answered in every round, each time in a process of its own."""
    able = CONTENDERS if workload in SIZES else CONTENDERS[:2]
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in able}
    for name in rounds(able, count):
        if workload == FOLDERS:
            answer = whole_command(name, folder)
        else:
            answer = last_json(
                run([sys.executable, HERE / "distances.py", "--alone", name, workload, "--folder", folder])
            )
        answers[name].append(answer)
        print(f"{workload} {name}: {answer['seconds']:.3f} s", file=sys.stderr, flush=True)
    return answers


def whole_command(name: str, folder: Path) -> dict[str, Any]:
    """Call the command of one of the two on the folders; the clock holds the whole process."""
    sides = [folder / "a", folder / "b"]
    weights = next((folder / "hub" / "checkpoints").iterdir())
    if name == "depthbench":
        command = [sys.executable, "-m", "bench", "fid", *sides, "--weights", weights, "--any-weights"]
        command += ["--device", "cpu", "--num-workers", "1"]
    else:
        command = [sys.executable, "-m", "pytorch_fid", *sides, "--device", "cpu", "--num-workers", "0"]
    took = run(command, TORCH_HOME=str(folder), PYTHONWARNINGS="ignore")
    value = re.search(r"^(?:FID|fd:\S+): +(\S+)$", took.output, re.MULTILINE)
    assert value is not None, took.output
    return {"seconds": took.wall_seconds, "cpu_seconds": took.cpu_seconds, "value": float(value[1])}


def alone(name: str, workload: str, folder: Path) -> dict[str, Any]:
    """Measure one contender in this process; the fastest of three for what takes less than a second."""
    work, value = features_work(name, folder) if workload == FEATURES else distance_work(name, *SIZES[workload])
    seconds = []
    while not seconds or (len(seconds) < 3 and sum(seconds) < 1):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    return {"seconds": min(seconds), "value": value(found)}


def distance_work(name: str, dimension: int, count: int) -> tuple[Callable[[], Any], Callable[[Any], float]]:
    """Return what computes the distance: from statistics where they are regular, else from features.

    The second set is the first one's twin, scaled and moved, so that nobody gains by two equal ones.
    """
    import numpy as np

    draw = np.random.default_rng(0)
    mixing = draw.standard_normal((dimension, dimension)) / dimension**0.5 + np.eye(dimension)
    sets = [draw.standard_normal((count, dimension)) @ mixing * scale + move for scale, move in ((1, 0), (1.1, 0.1))]
    regular = count > dimension
    known = [(each.mean(0), np.cov(each, rowvar=False)) for each in sets] if regular else []

    def moments() -> list[Any]:
        pairs = known or [(each.mean(0), np.cov(each, rowvar=False)) for each in sets]
        return [part for pair in pairs for part in pair]

    if name == "depthbench":
        from bench.metrics.frechet import frechet_distance, frechet_distance_of_features

        if regular:
            return lambda: frechet_distance(*moments()), float
        return lambda: frechet_distance_of_features(*sets), float
    if name == "pytorch-fid":
        import warnings

        from pytorch_fid.fid_score import calculate_frechet_distance

        warnings.simplefilter("ignore")
        return lambda: calculate_frechet_distance(*moments()), float
    import torch
    from torchmetrics.image.fid import _compute_fid

    return lambda: _compute_fid(*map(torch.from_numpy, moments())), float


def features_work(name: str, folder: Path) -> tuple[Callable[[], Any], Callable[[Any], float]]:
    """Return what maps the images of folder a to features of one network with the same weights."""
    import numpy as np
    import torch
    from PIL import Image

    pixels = np.stack([np.asarray(Image.open(path)) for path in sorted((folder / "a").iterdir())])
    images = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).float() / 255
    weights = next((folder / "hub" / "checkpoints").iterdir())
    if name == "depthbench":
        from bench.metrics.inception import Inception

        ours = Inception(weights, expected_sha256=None)
        return lambda: ours.features(images * 2 - 1), lambda found: float(found.mean())
    from pytorch_fid.inception import InceptionV3

    torch.hub.set_dir(str(folder / "hub"))
    theirs = InceptionV3([InceptionV3.BLOCK_INDEX_BY_DIM[2048]]).eval()

    @torch.no_grad()
    def features() -> Any:
        return torch.cat([theirs(batch)[0].squeeze(3).squeeze(2) for batch in torch.split(images, 50)])

    return features, lambda found: float(found.double().mean())


def prepare(folder: Path, count: int) -> None:
    """Write two folders of images, and random weights where pytorch-fid looks for the real ones."""
    import numpy as np
    import torch
    from PIL import Image

    from bench.metrics.inception import WEIGHTS_FILE, _network

    draw = np.random.default_rng(0)
    for name, grain in (("a", 8), ("b", 16)):
        (folder / name).mkdir()
        for number in range(count):
            noise = Image.fromarray(draw.integers(0, 256, (grain, grain, 3), dtype=np.uint8))
            noise.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / name / f"{number:05d}.png")
    torch.manual_seed(0)
    network = _network()
    for parameter in network.parameters():
        parameter.data.normal_(std=(2 / parameter[0].numel()) ** 0.5 * 0.9)
    path = folder / "hub" / "checkpoints" / WEIGHTS_FILE
    path.parent.mkdir(parents=True)
    torch.save(network.state_dict(), path)


def report(workload: str, answers: Answers) -> str:
    """Return the table of one workload."""
    ours = median(each["seconds"] for each in answers["depthbench"]) or float("nan")
    rows = []
    for name, of in answers.items():
        seconds = median(each["seconds"] for each in of)
        rows.append((name, seconds, None if seconds is None else seconds / ours, of[0]["value"]))
    return f"## {workload}\n\n" + table(("", "seconds", "times depthbench's", "value"), rows)


def bars(measured: Mapping[str, Answers]) -> list[str]:
    """Return one line per bar."""
    found = []
    for (workload, peer), bar in BARS.items():
        if workload in measured:
            ours, theirs = (
                median(each["seconds"] for each in measured[workload][name]) for name in ("depthbench", peer)
            )
            share = None if ours is None or not theirs else ours / theirs
            found.append(verdict(f"{workload}: depthbench over {peer}", share, bar))
    return found


def _arguments() -> argparse.Namespace:
    every = [*SIZES, FEATURES, FOLDERS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=100, help="in each folder")
    parser.add_argument("--workloads", nargs="+", choices=every, default=every)
    parser.add_argument("--json", type=Path, help="where every single measurement goes")
    parser.add_argument("--check", action="store_true", help="end with 1 where a bar was missed")
    parser.add_argument("--alone", nargs=2, metavar=("CONTENDER", "WORKLOAD"), help="measure one, in this process")
    parser.add_argument("--folder", help="where the images and weights of --alone are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
