"""`bench fid`: the Fréchet Inception distance between two folders of images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import console, echo_json, json_option
from bench.errors import DataError, UsageError

if TYPE_CHECKING:
    import torch

    from bench.metrics.folders import Moments
    from bench.metrics.inception import Inception

__all__ = ["command"]

DIMENSIONS = ("64", "192", "768", "2048")


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 …; auto: CUDA where there is one.")
@click.option("--batch-size", type=click.IntRange(1), default=50, show_default=True, help="Images at once.")
@click.option("--dims", type=click.Choice(DIMENSIONS), default="2048", show_default=True, help="Features of Inception.")
@click.option("--num-workers", type=click.IntRange(0), default=2, show_default=True, help="Threads that read images.")
@click.option(
    "--weights",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Inception's weights. [default: those of torch's hub, downloaded where they are not there]",
)
@click.option(
    "--any-weights", is_flag=True, help="Take weights that are not FID's; the distance then has another name."
)
@click.option("--save-stats", is_flag=True, help="Write the statistics of folder A to the file B, .npz, for later.")
@json_option
def command(
    a: Path,
    b: Path,
    device: str,
    batch_size: int,
    dims: str,
    num_workers: int,
    weights: Path | None,
    any_weights: bool,
    save_stats: bool,
    as_json: bool,
) -> None:
    """Print the Fréchet Inception distance between the images of A and B; lower is better.

    A and B are folders of images, or .npz files of statistics, also pytorch-fid's. Beside it stands what one half of
    A's images gets against the other half: a much smaller distance cannot be expected of as few images.
    """
    from bench.metrics.folders import image_files, load, moments_of, save

    for path in (a,) if save_stats else (a, b):
        if not path.exists():
            raise UsageError(f"there is no {path}: name a folder of images or a file of statistics")
        if path.is_dir():
            image_files(path)  # before weights are fetched, and before the first folder is read
    if save_stats and not a.is_dir():
        raise UsageError(f"--save-stats reads a folder of images, and {a} is a file")
    where, extractor = _device(device), None
    sides: list[Moments] = []
    for path in (a,) if save_stats else (a, b):
        if not path.is_dir():
            sides.append(load(path))
            continue
        extractor = extractor or _extractor(weights, int(dims), any_weights=any_weights)
        with _bar(path) as seen:
            sides.append(
                moments_of(
                    path, extractor, where, batch_size=batch_size, workers=num_workers, with_reference=path is a,
                    seen=seen,
                )
            )  # fmt: skip
    if save_stats:
        save(sides[0], b)
        click.echo(f"{sides[0].count} images of {a}: {b}", err=True)
        return
    _print(_told((a, b), sides, extractor), as_json)


def _told(paths: tuple[Path, Path], sides: list[Moments], extractor: Inception | None) -> dict[str, Any]:
    """Return what is known of a distance."""
    names = [side.extractor for side in sides if side.extractor]
    if extractor is not None:
        name = extractor.score_name
    else:
        name = "fid" if names and names[0].startswith("inception-2048@") else f"fd:{names[0] if names else 'unknown'}"
    return {
        "score": name,
        "value": sides[0].distance(sides[1]),
        "reference": sides[0].reference,
        "dimension": sides[0].dimension,
        "extractor": names[0] if names else None,
        "a": {"path": str(paths[0]), "images": sides[0].count or None},
        "b": {"path": str(paths[1]), "images": sides[1].count or None},
    }


def _print(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(told)
        return
    counts = [told[side]["images"] for side in "ab"]
    sizes = " and ".join(f"{count:,} images" if count else "an unknown number of images" for count in counts)
    # The first line is that of pytorch-fid, which scripts read.
    click.echo(f"{'FID' if told['score'] == 'fid' else told['score']}:  {told['value']}")
    click.echo(
        f"{sizes}, {told['dimension']} features of {told['extractor'] or 'a network that no file names'}", err=True
    )
    if told["reference"] is not None:
        click.echo(f"reference, one half of A against the other: {told['reference']:.4g}", err=True)
    if any(count and count <= told["dimension"] for count in counts):
        click.echo(
            "Fewer images than features: the distance is mostly that of too few images. Compare it only at equal "
            f"numbers of images, take more than {told['dimension']:,} of them, or fewer features (--dims 64).",
            err=True,
        )


def _extractor(weights: Path | None, dimension: int, *, any_weights: bool) -> Inception:
    from bench.metrics.inception import WEIGHTS_SHA256, Inception, fetch_weights

    if weights is None:
        weights = fetch_weights()
    return Inception(weights, dimension=dimension, expected_sha256=None if any_weights else WEIGHTS_SHA256)


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name} cannot be used here: {reason}") from error
    return device


@contextmanager
def _bar(folder: Path) -> Iterator[Any]:
    """Show how many images of a folder were seen, on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from bench.metrics.folders import image_files

    out = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        total = len(image_files(folder))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from error
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bars:
        bar = bars.add_task(str(folder), total=total)
        yield lambda count: bars.advance(bar, count)
