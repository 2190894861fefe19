"""A plugin for tests of `--until-decided`: a table whose class can be read off, and models that are right by chance."""

PLUGIN = """
    import numpy as np
    from bench import CLASS, DatasetSpec, Integer, ModelSpec, Real, Role, Space, hookimpl
    from bench.data import Dataset, Split

    @hookimpl
    def bench_datasets():
        yield DatasetSpec(
            name="sheet", target="coins:sheet", summary="two classes that can be read off", licence="CC0",
            source="made up", embedded_in="numpy", inputs=Space("c", (2,)),
            targets=Space(kind="index", size=2, names=("a", "b")), sample_count=1500, has_official_test=True,
        )

    def sheet(source):
        random = np.random.default_rng(0)
        parts = []
        for count in (100, 400, 1000):
            y = random.permutation(np.arange(count) % 2)
            x = np.stack([2.0 * y - 1, random.standard_normal(count)], 1).astype(np.float32)
            parts.append(Split(x, y.astype(np.int64)))
        return Dataset(source.spec, *parts)

    @hookimpl
    def bench_models():
        for name in ("coin", "rule", "breaking"):
            yield ModelSpec(
                name=name, target=f"coins:{name.title()}", summary="right by chance", family="shallow",
                roles=(Role("predict", target=CLASS),), devices=("cpu",),
                hyperparameters={"chance": Real(0.9, 0.0, 1.0), "number": Integer(0, 0, 100)},
            )

    class Coin:
        # Right with this chance, seed by seed and sample by sample.
        def __init__(self, problem, chance, number):
            self.chance, self.number = chance, number
            self.seed = int(np.random.randint(2**31))

        def fit(self, x, y):
            return self

        def right(self, count):
            return np.random.default_rng([self.seed, self.number]).random(count) < self.chance

        def predict_proba(self, x):
            label = (np.asarray(x)[:, 0] > 0).astype(int)
            answer = np.where(self.right(len(x)), label, 1 - label)
            return np.stack([1.0 - answer, answer], 1) * 0.8 + 0.1

    class Rule(Coin):
        # The same answers for every seed.
        def right(self, count):
            return np.random.default_rng(self.number).random(count) < self.chance

    class Breaking(Coin):
        def fit(self, x, y):
            raise ValueError("it broke")
"""
