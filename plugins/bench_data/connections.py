"""Network connections of KDD Cup 1999, by service, as the field looks for anomalies in them."""

from __future__ import annotations

from bench import DataFile, DatasetSpec, Space

__all__ = ["CONNECTIONS"]

KDD_FILE = DataFile(
    path="kddcup99/kddcup.data_10_percent",
    checksum="sha256:8045aca0d84e70e622d1148d7df782496f6333bf6eb979a1b0837c42a9fd9561",
    unpacked_checksum="sha256:f8c8267ebcd9c0ed1fd7d6277fe5bfff8732e9b7db8e61b873542b2a534b6f9a",
    url="http://kdd.ics.uci.edu/databases/kddcup99/kddcup.data_10_percent.gz",
    # The copy that scikit-learn downloads.
    mirrors=("https://ndownloader.figshare.com/files/5976042",),
    size_bytes=2_144_903,
)


def _service(service: str, sample_count: int, attacks: str) -> DatasetSpec:
    return DatasetSpec(
        name=f"kddcup99-{service}",
        target=f"bench_data.kddcup99:load_{service}",
        summary=f"{sample_count:,} {service} connections, {attacks} of them attacks; duration and bytes, logarithms",
        inputs=Space("c", (3,), names=("duration", "src_bytes", "dst_bytes")),
        targets=Space(kind="index", size=2, names=("normal", "attack")),
        sample_count=sample_count,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/130",
        citation="S. Stolfo et al.: KDD Cup 1999 Data, UCI, 1999; by service as in K. Yamanishi et al.: On-line "
        "unsupervised outlier detection using finite mixtures with discounting learning algorithms, 2000",
        files=(KDD_FILE,),
    )


CONNECTIONS = (_service("http", 58_725, "2,209"), _service("smtp", 9571, "3"))
