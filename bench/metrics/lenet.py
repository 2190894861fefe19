"""A small LeNet whose last hidden layer gives 64 features of an image: how it is built, trained and written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

__all__ = ["LeNet", "about", "decode", "encode", "train_lenet"]

FEATURES = 64
BATCH_SIZE = 128
LARGEST_LEARNING_RATE = 5e-3
MOST_EPOCHS = 30
MOST_IMAGES_SEEN = 160_000  # less than a minute for 28 x 28 pixels on one core
FEWEST_STEPS = 10


class LeNet(nn.Module):
    """Two convolutions and a hidden layer of 64: 38,282 parameters for grey images of ten classes.

    Images are (n, channels, height, width) in [-1, 1], of any size; they are pooled to 4 x 4, never resized.
    Source: after LeCun et al., 1998, with rectifiers and max pooling.
    """

    def __init__(self, input_shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.input_shape, self.class_count = input_shape, classes
        channels, *sides = input_shape
        # Large images are halved twice, which costs a quarter of what pooling after the first convolution does.
        kernel, stride = (5, 2) if min(sides) >= 16 else (3, 1)
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, 16, kernel, stride, padding=kernel // 2), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.AdaptiveMaxPool2d(4), nn.Flatten()),
            *(nn.Linear(32 * 4 * 4, FEATURES), nn.ReLU()),
        )
        self.head = nn.Linear(FEATURES, classes)

    def features(self, images: Tensor) -> Tensor:
        """Return the last hidden layer, (n, 64)."""
        hidden: Tensor = self.body(images.contiguous(memory_format=torch.channels_last))
        return hidden

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (n, classes)."""
        logits: Tensor = self.head(self.features(images))
        return logits


def train_lenet(images: Tensor, labels: Tensor, classes: int, seed: int = 0) -> LeNet:
    """Train on images, (n, channels, height, width) in [-1, 1], with labels, (n,) int64; on the CPU.

    Leaves the global random state as it was. Weights repeat bit for bit only with the same thread count, CPU
    capability and torch version.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LeNet(tuple(images.shape[1:]), classes)
        optimizer = torch.optim.Adam(network.parameters(), fused=True)
        steps = _steps(len(images))
        schedule = OneCycleLR(optimizer, LARGEST_LEARNING_RATE, total_steps=steps, cycle_momentum=False)
        for indices in islice(_batches(len(images)), steps):
            # Without smoothing the features grow as long as training lasts, and the distance with them.
            loss = F.cross_entropy(network(images[indices]), labels[indices], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
            schedule.step()
    return network.eval()


def _steps(count: int) -> int:
    per_epoch = math.ceil(count / BATCH_SIZE)
    return max(FEWEST_STEPS, min(MOST_EPOCHS * per_epoch, MOST_IMAGES_SEEN // BATCH_SIZE))


def _batches(count: int) -> Iterator[Tensor]:
    while True:
        yield from torch.split(torch.randperm(count), BATCH_SIZE)


def encode(network: LeNet, **about: str) -> bytes:
    """Return the weights as safetensors, with the shapes they need and whatever else is to be known about them."""
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    shapes = {"input_shape": list(network.input_shape), "classes": network.class_count}
    # One entry: safetensors writes several in an order that differs from process to process, and so would the hash.
    return save(weights, {"depthbench": json.dumps({**about, **shapes}, sort_keys=True)})


def about(content: bytes) -> dict[str, Any]:
    """Return what `encode` was told; the header of a safetensors file is its length and then JSON."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    told: dict[str, Any] = json.loads(header["__metadata__"]["depthbench"])
    return told


def decode(content: bytes) -> LeNet:
    """Return the network that `encode` wrote, ready to be asked."""
    told = about(content)
    network = LeNet(tuple(told["input_shape"]), told["classes"])
    network.load_state_dict(load(content))
    return network.eval()
