"""A metric that comes later, or is changed, is computed from kept answers: nothing is trained again."""

from __future__ import annotations

from tests.conftest import Bench

SUITE = """
    seeds = 2
    threads = 1
    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = ["baseline", "logistic-regression", "mlp-1"]
    protocol = { name = "fixed-budget", epochs = 2 }
"""
METRIC = """
    from bench import MetricSpec, hookimpl

    @hookimpl
    def bench_metrics():
        yield MetricSpec(
            name="sureness", target="sure:sureness", arrays=("probabilities",), higher_is_better=True, summary="{}",
        )
        yield MetricSpec(
            name="elsewhere", target="sure:sureness", arrays=("log_likelihoods",), higher_is_better=True,
        )

    def sureness(probabilities):
        return float(probabilities.max(1).mean()) {}
"""


def score(record: dict, name: str) -> dict | None:
    return next((score for score in record["scores"] if score["name"] == name), None)


def test_a_later_metric_is_computed_for_stored_runs_and_an_edited_one_again(bench: Bench) -> None:
    suite = str(bench.suite(SUITE))
    bench("run", suite, "--no-report")
    before = bench.records()
    assert all(score(record, "sureness") is None for record in before)

    bench.plugin("sure", METRIC.format("how sure", ""))
    dry = bench("run", suite, "--dry-run").stdout
    assert "0 to run" in dry
    # The report has it at once, and leaves the store as it is.
    bench("report", "--formats", "csv")
    assert any("sureness" in path.read_text() for path in bench.folder.rglob("*.csv"))
    assert bench.records() == before

    result = bench("run", suite, "--no-report")
    assert "nothing new; 6 were stored before" in result.stdout
    assert "nothing trained: sureness for 6 stored run(s)" in result.stderr
    first = bench.records()
    assert all(score(record, "elsewhere") is None for record in first)
    for old, new in zip(before, first, strict=True):
        added = score(new, "sureness")
        assert added is not None
        assert 0.33 <= added["value"] <= 1
        assert added["detail"]["rescored"] is True
        assert {**old, "scores": None} == {**new, "scores": None}
        assert [each for each in new["scores"] if each["name"] != "sureness"] == old["scores"]

    # Another summary is no other metric; another formula is.
    bench.plugin("sure", METRIC.format("said in other words", ""))
    assert "nothing trained" not in bench("run", suite, "--no-report").stderr
    bench.plugin("sure", METRIC.format("how sure", "+ 1"))
    assert "sureness for 6" in bench("run", suite, "--no-report").stderr
    for old, new in zip(first, bench.records(), strict=True):
        assert score(new, "sureness")["value"] == score(old, "sureness")["value"] + 1


def test_a_metric_that_fails_takes_no_other_score_with_it(bench: Bench) -> None:
    bench.plugin("sure", METRIC.format("how sure", "/ 0"))
    bench("run", str(bench.suite(SUITE)), "--models", "baseline", "--seeds", "1", "--no-report")
    (record,) = bench.records()
    assert record["status"] == "ok"
    assert score(record, "accuracy") is not None
    assert score(record, "sureness") is None
    assert any("metric sureness failed: ZeroDivisionError" in note for note in record["notes"])
