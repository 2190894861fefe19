"""Generators that misbehave in every way a generator can, of given classes and of none; the source of a plugin."""

SOURCE = '''
import time

import torch
from torch import nn

from bench import CLASS, NOTHING, ModelSpec, Need, Role, hookimpl

FAULTS = (
    "honest", "nan", "late_nan", "infinite", "constant", "wide", "flat", "few", "many", "listing", "endless", "raises",
    "deaf", "likelihood_nan",
)
IMAGES = Need(axes=("chw",), bounded=True)


@hookimpl
def bench_models():
    for name in FAULTS:
        yield ModelSpec(
            name=name.replace("_", "-"),
            family="generative",
            roles=(Role("sample", NOTHING, IMAGES), Role("sample", CLASS, IMAGES)),
            target=f"faulty_generators:{name}",
        )


class Generator(nn.Module):
    """Learns the mean image, of each class where classes are given, and draws it with noise."""

    def __init__(self, problem, act):
        super().__init__()
        self.shape, self.act = problem.image_shape, act
        self.classes = 1 if problem.input is None else problem.input.size
        self.means = nn.Parameter(torch.zeros(self.classes, *self.shape))
        self.register_buffer("steps", torch.zeros(()))

    def training_step(self, batch):
        self.steps += 1
        rows = torch.zeros(len(batch), dtype=torch.long) if batch.x is None else batch.x
        return ((self.means[rows] - batch.target) ** 2).mean()

    def sample(self, n, condition=None):
        rows = torch.zeros(n, dtype=torch.long) if condition is None else condition
        honest = (self.means[rows] + 0.3 * torch.randn(n, *self.shape)).clamp(-1, 1)
        return self.act(honest, self)


def faulty(act):
    return lambda problem: Generator(problem, act)


def trained(act):
    """Behave until the model has been trained."""
    return faulty(lambda samples, model: act(samples) if model.steps > 4 else samples)


def nap(samples):
    while True:
        time.sleep(0.1)


def complain(samples):
    raise ValueError("no more noise")


honest = faulty(lambda samples, model: samples)
nan = faulty(lambda samples, model: samples * float("nan"))
late_nan = trained(lambda samples: torch.where(torch.rand(len(samples), 1, 1, 1) < 0.2, float("nan"), samples))
infinite = trained(lambda samples: samples / 0)
constant = faulty(lambda samples, model: torch.zeros_like(samples))
wide = trained(lambda samples: 3 * samples)
flat = trained(lambda samples: samples.flatten(1))
few = trained(lambda samples: samples[:-1])
many = trained(lambda samples: samples.repeat(2, 1, 1, 1))
listing = trained(lambda samples: samples.tolist())
endless = trained(nap)
raises = trained(complain)
deaf = faulty(lambda samples, model: samples[torch.randperm(len(samples))])


class LikelihoodNaN(Generator):
    def log_likelihood(self, y, x=None):
        return torch.full((len(y),), float("nan"))


def likelihood_nan(problem):
    return LikelihoodNaN(problem, lambda samples, model: samples)
'''
