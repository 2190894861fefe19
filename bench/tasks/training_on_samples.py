"""Train a small classifier on samples of a generator and ask it about real images: once for real ones, then per run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.measure.seeds import noise_seed
from bench.metrics.extractors import cached_arrays, hash_of
from bench.metrics.samples import fixed_noise

if TYPE_CHECKING:
    from torch import Tensor

    from bench.tasks.data import Part

__all__ = ["RECIPE", "RealImages", "classes_by"]

Array = npt.NDArray[Any]

# How classifiers are trained: results of another way may share neither a name nor a file with these.
RECIPE = "mlp-128-v1"
WIDTH = 128
STEPS, BATCH_SIZE, LEARNING_RATE = 500, 128, 3e-3
# One seed for all classifiers of all runs: what differs between them is what they were trained on.
SEED = noise_seed(0, "classifiers trained on samples")


class RealImages:
    """Real images of the training part and the classifiers trained on them, beside which those of samples stand.

    labelled: by how many there are, the images (k, channels, height, width) and labels (k,) that are added to samples,
    as many of each class as there can be; each is part of the larger ones.
    """

    def __init__(self, train: Part, counts: Sequence[int], class_count: int) -> None:
        order = _balanced(train.layers().numpy())
        self.class_count = class_count
        self.labelled = {count: _taken(train, order[:count]) for count in sorted({*counts}) if count <= len(order)}

    def accuracies(self, as_many: Part, test: Part, cache: str) -> dict[int, float]:
        """Return the accuracy on the test part of classifiers trained on real images alone, by their number.

        as_many: real images of the training part, as many as samples are drawn; its accuracy stands under 0. Computed
        once and kept under `cache`.
        """
        sets = {0: (as_many.target.cpu(), as_many.layers()), **self.labelled}
        images, labels = test.target.cpu(), test.layers()

        def compute() -> Mapping[str, Array]:
            right = (classes_by(*each, self.class_count, images) == labels.numpy() for each in sets.values())
            return {"accuracies": np.array([each.mean() for each in right])}

        told = hash_of(images, labels, *(tensor for each in sets.values() for tensor in each))
        found = cached_arrays(f"classifiers-{RECIPE}-{told[:16]}", cache, compute)["accuracies"]
        return dict(zip(sets, map(float, found), strict=True))

    def classes_after(self, samples: Tensor, asked: Tensor, test: Tensor) -> dict[int, Array]:
        """Return what classifiers trained on samples see in the test images, (n,), by how many real ones were added.

        samples: (m, channels, height, width) in [-1, 1]; asked: (m,) the classes they were asked for.
        """
        import torch

        sets = {0: (samples, asked)}
        sets |= {
            count: (torch.cat([samples, images]), torch.cat([asked, labels]))
            for count, (images, labels) in self.labelled.items()
        }
        return {count: classes_by(*each, self.class_count, test) for count, each in sets.items()}


def classes_by(images: Tensor, labels: Tensor, class_count: int, test: Tensor) -> Array:
    """Train a classifier on images, (m, channels, height, width), and labels, (m,); return the classes it sees, (n,).

    One hidden layer: it takes a second where images have 28 x 28 pixels, and knows no more of images than it is shown.
    """
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    rows, asked = images.flatten(1), test.flatten(1)
    with fixed_noise(SEED):
        network = nn.Sequential(nn.Linear(rows.shape[1], WIDTH), nn.ReLU(), nn.Linear(WIDTH, class_count))
        optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, fused=True)
        for _ in range(STEPS):
            places = torch.randint(len(rows), (BATCH_SIZE,))
            loss = cross_entropy(network(rows[places]), labels[places])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
    with torch.no_grad():
        found: Array = network(asked).argmax(1).numpy()
    return found


def _balanced(labels: Array) -> Array:
    """Return the places of samples in an order in which every beginning holds each class about equally often."""
    order = np.random.RandomState(0).permutation(len(labels))
    rank = np.empty(len(order), np.int64)
    for each in np.unique(labels):
        members = order[labels[order] == each]
        rank[members] = np.arange(len(members))
    return order[np.argsort(rank[order], kind="stable")]


def _taken(part: Part, places: Array) -> tuple[Tensor, Tensor]:
    import torch

    chosen = part.take(torch.from_numpy(places))
    return chosen.target.cpu(), chosen.layers()
