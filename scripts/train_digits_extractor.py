"""Train the shipped classifier of 8 x 8 digits and write its weights into the package.

Run from the checkout, with the `data` extra installed:

    python scripts/train_digits_extractor.py

It trains on the training part of the data set `digits` alone, on one thread, and prints the sha256 that
`bench/metrics/extractors.py` must hold. Another CPU or torch version gives other bits, hence other features and
another hash: the file is made once and shipped, and a new one is a new version of the name.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import torch

from bench.data import Split
from bench.metrics.extractors import DIGITS_WEIGHTS, hash_of
from bench.metrics.lenet import LeNet, encode, train_lenet
from bench.plugins import discover
from bench.sources import DataSource
from bench.specs import resolve


def images_and_labels(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images in [-1, 1] and labels."""
    return torch.from_numpy(split.x) * 2 - 1, torch.from_numpy(split.layers())


def accuracy(network: LeNet, split: Split) -> float:
    """Return the share of right answers on a part."""
    images, labels = images_and_labels(split)
    with torch.no_grad():
        return float((network(images).argmax(1) == labels).double().mean())


def main() -> None:
    """Train, write, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DIGITS_WEIGHTS)
    output = parser.parse_args().output
    torch.set_num_threads(1)
    spec = discover().datasets["digits"].spec
    digits = resolve(spec.target)(DataSource.of(spec))
    images, labels = images_and_labels(digits.train)
    network = train_lenet(images, labels, len(labels.unique()))
    content = encode(network, dataset="digits", data_sha256=hash_of(images, labels))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(content)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{output}: {len(content)} bytes, {parameters} parameters")  # noqa: T201 - a script's answer
    print(f"accuracy: validation {accuracy(network, digits.validation):.4f}, test {accuracy(network, digits.test):.4f}")  # noqa: T201 - as above
    print(f"sha256: {hashlib.sha256(content).hexdigest()}")  # noqa: T201 - as above


if __name__ == "__main__":
    main()
