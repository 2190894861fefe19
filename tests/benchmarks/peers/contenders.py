"""Train one network with one library and print its seconds; every contender in a process of its own.

All get the same tensors, the same initial weights, the same order of samples, the same batch size and torch's fused
Adam (Keras has an Adam of its own). Each warms up on a network that is thrown away, outside the clock, and the clock
holds the loop alone: not the building, not the evaluation, and of Lightning only what lies between its own
`on_train_start` and `on_train_end`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter, process_time
from types import SimpleNamespace, TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Sampler, TensorDataset

from bench.measure.clock import Clocks
from bench.measure.energy import EnergyMeter
from bench.measure.memory import PeakMemory
from bench.plugins import discover
from bench.protocols.base import Budget, RunContext
from bench.sources import DataSource
from bench.tasks.base import Part, TaskData
from bench.tasks.classification import Classification

SEED = 0
LEARNING_RATE = 1e-3
WARM_UP_STEPS = 2


@dataclass(frozen=True)
class Workload:
    """A network on a data set for some epochs."""

    dataset: str
    network: str
    epochs: int
    batch_size: int = 64

    def data(self) -> TaskData:
        """Return the data as depthbench prepares it: standardised float32 tensors."""
        offer = discover().datasets[self.dataset]
        return Classification().prepare(offer.load()(DataSource.of(offer.spec)))

    def model(self, data: TaskData) -> nn.Module:
        """Return the network with the weights that every contender starts from."""
        import peer_networks

        torch.manual_seed(SEED)
        network: nn.Module = getattr(peer_networks, self.network)(data.problem)
        return network.train()

    def budget(self) -> Budget:
        """Return the same as depthbench calls it."""
        return Budget(epochs=self.epochs, batch_size=self.batch_size, learning_rate=LEARNING_RATE)


WORKLOADS = {
    "digits-mlp": Workload("digits", "MLP", epochs=100),
    "digits-cnn": Workload("digits", "CNN", epochs=40),
    "digits-lstm": Workload("digits", "LSTM", epochs=40),
    "digits-transformer": Workload("digits", "Transformer", epochs=20),
    "mnist-mlp": Workload("mnist", "MLP", epochs=3),
    "mnist-cnn": Workload("mnist", "CNN", epochs=1),
}


class Stopwatch:
    """Wall-clock and processor seconds of what happens inside."""

    def __enter__(self) -> Stopwatch:
        self._began = perf_counter(), process_time()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.wall, self.cpu = perf_counter() - self._began[0], process_time() - self._began[1]


@dataclass(frozen=True)
class Trained:
    """What came of it: two clocks and a function from samples to class scores."""

    seconds: float
    cpu_seconds: float
    predict: Callable[[Tensor], Tensor]
    weights: str = ""


class SameOrder(Sampler[int]):
    """The order in which depthbench shuffles: one permutation per epoch, all from one generator."""

    def __init__(self, count: int) -> None:
        self.count, self.generator = count, torch.Generator().manual_seed(SEED)

    def __iter__(self) -> Iterator[int]:
        yield from torch.randperm(self.count, generator=self.generator).tolist()

    def __len__(self) -> int:
        return self.count


def tensors(work: Workload, data: TaskData) -> Trained:
    """The best loop we can write by hand: tensors, shuffled indices, `index_select`."""

    def loop(model: nn.Module, part: Part, epochs: int) -> None:
        optimizer = adam(model)
        generator = torch.Generator().manual_seed(SEED)
        x, y = part.x, part.y
        for _ in range(epochs):
            for indices in torch.randperm(len(x), generator=generator).split(work.batch_size):
                loss = cross_entropy(model(x.index_select(0, indices)), y.index_select(0, indices))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return by_hand(work, data, loop)


def dataloader(work: Workload, data: TaskData) -> Trained:
    """The loop of the tutorials: a `DataLoader` over a `TensorDataset`."""

    def loop(model: nn.Module, part: Part, epochs: int) -> None:
        optimizer = adam(model)
        batches = loader(part, work.batch_size)
        for _ in range(epochs):
            for x, y in batches:
                loss = cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return by_hand(work, data, loop)


def by_hand(work: Workload, data: TaskData, loop: Callable[[nn.Module, Part, int], None]) -> Trained:
    """Warm a loop up, then time it."""
    loop(work.model(data), few(data.train, work.batch_size), 1)
    model = work.model(data)
    with Stopwatch() as clock:
        loop(model, data.train, work.epochs)
    return Trained(clock.wall, clock.cpu, model.eval(), fingerprint(model))


def lightning(work: Workload, data: TaskData) -> Trained:
    """Lightning's Trainer with everything off that can be (`barebones`)."""
    import lightning.pytorch as pl

    class Module(pl.LightningModule):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            x, y = batch
            return cross_entropy(self.network(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return adam(self.network)

    class Clock(pl.Callback):
        def on_train_start(self, *_: Any) -> None:
            self.stopwatch = Stopwatch().__enter__()

        def on_train_end(self, *_: Any) -> None:
            self.stopwatch.__exit__()

    def fit(network: nn.Module, part: Part, epochs: int) -> Stopwatch:
        clock = Clock()
        trainer = pl.Trainer(accelerator="cpu", devices=1, max_epochs=epochs, barebones=True, callbacks=[clock])
        trainer.fit(Module(network), loader(part, work.batch_size))
        return clock.stopwatch

    fit(work.model(data), few(data.train, work.batch_size), 1)
    model = work.model(data)
    clock = fit(model, data.train, work.epochs)
    return Trained(clock.wall, clock.cpu, model.eval(), fingerprint(model))


def skorch(work: Workload, data: TaskData) -> Trained:
    """skorch without its validation split and without callbacks; `initialize` lies outside the clock."""
    import skorch as sk

    def net(network: nn.Module, part: Part, epochs: int) -> Any:
        return sk.NeuralNet(
            network,
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            optimizer__fused=True,
            lr=LEARNING_RATE,
            max_epochs=epochs,
            batch_size=work.batch_size,
            iterator_train__sampler=SameOrder(len(part)),
            train_split=None,
            callbacks="disable",
            verbose=0,
        ).initialize()

    part = few(data.train, work.batch_size)
    net(work.model(data), part, 1).partial_fit(part.x, part.y)
    model = net(work.model(data), data.train, work.epochs)
    with Stopwatch() as clock:
        model.partial_fit(data.train.x, data.train.y)
    return Trained(clock.wall, clock.cpu, model.module_.eval(), fingerprint(model.module_))


def keras(work: Workload, data: TaskData) -> Trained:
    """Keras on its torch backend: its own layers with the same weights, its own Adam with torch's constants."""
    import keras as k

    if work.network not in ("MLP", "CNN"):
        raise ValueError(f"keras is given the same weights for MLP and CNN alone, not for {work.network}")
    k.config.set_image_data_format("channels_first")

    def model() -> Any:
        layers = [keras_layer(layer, data) for layer in work.model(data).layers]
        network = k.Sequential([k.Input(data.problem.input_shape), *(layer for layer, _ in layers)])
        for layer, weights in layers:
            layer.set_weights(weights)
        network.compile(
            optimizer=k.optimizers.Adam(LEARNING_RATE, epsilon=1e-8),
            loss=k.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
        return network

    model().fit(loader(few(data.train, work.batch_size), work.batch_size), epochs=1, verbose=0)
    network, batches = model(), loader(data.train, work.batch_size)
    with Stopwatch() as clock:
        network.fit(batches, epochs=work.epochs, verbose=0)
    return Trained(clock.wall, clock.cpu, lambda x: network(x, training=False))


def keras_layer(layer: nn.Module, data: TaskData) -> tuple[Any, list[Any]]:
    """Return Keras' layer of the same kind, and its weights in Keras' order of axes."""
    from keras import layers

    if isinstance(layer, nn.Linear):
        return layers.Dense(layer.out_features), [layer.weight.detach().T.numpy(), layer.bias.detach().numpy()]
    if isinstance(layer, nn.Conv2d):
        kernel = layer.weight.detach().permute(2, 3, 1, 0).numpy()
        return layers.Conv2D(layer.out_channels, 3, padding="same"), [kernel, layer.bias.detach().numpy()]
    if isinstance(layer, nn.MaxPool2d):
        return layers.MaxPooling2D(2), []
    # Keras' Flatten would move the channels; Reshape keeps torch's order.
    return (layers.ReLU(), []) if isinstance(layer, nn.ReLU) else (layers.Reshape((-1,)), [])


def depthbench(work: Workload, data: TaskData) -> Trained:
    """depthbench's own path from warm-up to trained model, and its own training clock."""
    from bench.measure.clock import Clock
    from bench.protocols.training import train_model

    class WithProcessorTime(Clock):
        cpu_seconds = 0.0

        def __enter__(self) -> Clock:
            self._cpu = process_time()
            return super().__enter__()

        def __exit__(self, *error: Any) -> None:
            super().__exit__(*error)
            self.cpu_seconds += process_time() - self._cpu

    clock, models, seen = WithProcessorTime(), list[nn.Module](), list[str]()

    def build() -> nn.Module:
        models.append(work.model(data))
        return models[-1]

    # The best weights are restored at the end; the last ones are those to compare.
    context = run_context(data, build, lambda point: seen.append(fingerprint(models[-1])))
    context.clocks.train = clock
    model = train_model(context, work.budget()).model
    return Trained(clock.seconds, clock.cpu_seconds, model.eval(), seen[-1])


def run_context(data: TaskData, build: Callable[[], nn.Module], report: Callable[[Any], None]) -> RunContext:
    """Return what depthbench's runner hands to a protocol."""
    device = torch.device("cpu")
    return RunContext(
        plan=SimpleNamespace(seed=SEED),  # type: ignore[arg-type]  # the seed is all that the loop reads of a plan
        task=Classification(),
        data=data,
        device=device,
        clocks=Clocks(device),
        memory=PeakMemory(device),
        energy=EnergyMeter(device),
        make=lambda *_: build(),
        report=report,
        load=lambda name: (Classification(), data),
        space={},
    )


CONTENDERS: dict[str, Callable[[Workload, TaskData], Trained]] = {
    "tensors": tensors,
    "dataloader": dataloader,
    "lightning": lightning,
    "skorch": skorch,
    "keras": keras,
    "depthbench": depthbench,
}


def adam(model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of all."""
    return torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)


def loader(part: Part, batch_size: int) -> DataLoader[Any]:
    """Return the data loader that all who use one are given."""
    return DataLoader(TensorDataset(part.x, part.y), batch_size=batch_size, sampler=SameOrder(len(part)))


def few(part: Part, batch_size: int) -> Part:
    """Return enough samples for the steps of a warm-up."""
    return part.take(slice(0, WARM_UP_STEPS * batch_size))


def fingerprint(model: nn.Module) -> str:
    """Return a short hash of all weights."""
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:10]


def accuracy(predict: Callable[[Tensor], Tensor], part: Part) -> float:
    """Return the share of correct answers."""
    with torch.no_grad():
        return float((predict(part.x).argmax(1) == part.y).double().mean())


def main() -> None:
    """Train one workload some times with one contender and print the fastest as one line of JSON.

    All repeats end in the same weights; what makes one slower than another is the rest of the machine.
    """
    name, workload, repeats = sys.argv[1:]
    torch.set_num_threads(1)
    work = WORKLOADS[workload]
    data = work.data()
    steps = work.epochs * -(-len(data.train) // work.batch_size)
    trained = min((CONTENDERS[name](work, data) for _ in range(int(repeats))), key=lambda each: each.seconds)
    answer = {
        "train_seconds": trained.seconds,
        "cpu_seconds": trained.cpu_seconds,
        "microseconds_per_step": 1e6 * trained.seconds / steps,
        "test_accuracy": accuracy(trained.predict, data.test),
        "weights": trained.weights,
    }
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
