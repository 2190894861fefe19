"""The data sets depthbench knows without help: those that scikit-learn carries, and others that are downloaded.

The checksums of scikit-learn's files hold from its version 1.4 to 1.9, plain and packed alike.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench import DataFile, DatasetSpec, ReaderSpec, Space, hookimpl
from bench_data.connections import CONNECTIONS
from bench_data.memory import MEMORY
from bench_data.planes import PLANE
from bench_data.scanned import scanned
from bench_data.series import SERIES
from bench_data.tables import TABLES, TEXTS

DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def _images(channels: int, side: int) -> Space:
    return Space("chw", (channels, side, side), bounds=(0.0, 1.0))


def _table(columns: int) -> Space:
    return Space("c", (columns,))


def _classes(*names: str) -> Space:
    return Space(kind="index", size=len(names), names=names)


OSSCI = "https://ossci-datasets.s3.amazonaws.com/mnist/"
CVDF = "https://storage.googleapis.com/cvdf-datasets/mnist/"
ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"


def _mnist(name: str, size_bytes: int, packed: str, unpacked: str) -> DataFile:
    return DataFile(
        path=f"MNIST/raw/{name}",
        checksum=f"sha256:{packed}",
        unpacked_checksum=f"sha256:{unpacked}",
        url=f"{OSSCI}{name}.gz",
        mirrors=(f"{CVDF}{name}.gz",),
        size_bytes=size_bytes,
    )


def _fashion(name: str, size_bytes: int, packed: str, unpacked: str) -> DataFile:
    return DataFile(
        path=f"FashionMNIST/raw/{name}",
        checksum=f"md5:{packed}",
        unpacked_checksum=f"md5:{unpacked}",
        url=f"{ZALANDO}{name}.gz",
        size_bytes=size_bytes,
    )


CIFAR10_ARCHIVE = DataFile(
    path="cifar-10-python.tar.gz",
    checksum="md5:c58f30108f718f92721af3b95e74349a",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    size_bytes=170_498_071,
)


def _cifar10(name: str, checksum: str) -> DataFile:
    return DataFile(path=f"cifar-10-batches-py/{name}", checksum=f"md5:{checksum}", archive=CIFAR10_ARCHIVE)


def _digits(name: str, loader: str, summary: str, sample_count: int, names: tuple[str, ...]) -> DatasetSpec:
    return DatasetSpec(
        name=name,
        target=f"bench_data.digits:{loader}",
        summary=summary,
        inputs=_images(1, 8),
        targets=_classes(*names),
        sample_count=sample_count,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/80",
        citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998 (test part)",
        embedded_in="sklearn",
        requires=("sklearn",),
        extra="data",
        files=(
            DataFile(
                path="datasets/data/digits.csv",
                checksum="sha256:09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
                unpacked_checksum="sha256:6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
                size_bytes=57_523,
            ),
        ),
    )


IMAGES_AND_TABLES = (
    _digits("digits", "load", "1,797 handwritten digits, 8 × 8 grey values", 1797, DIGITS),
    _digits("digits-0-4", "load_low", "901 handwritten digits, those from 0 to 4", 901, DIGITS[:5]),
    _digits("digits-5-9", "load_high", "896 handwritten digits, those from 5 to 9", 896, DIGITS[5:]),
    DatasetSpec(
        name="iris",
        target="bench_data.iris:load",
        summary="150 flowers of three species, 4 measures",
        inputs=_table(4),
        targets=_classes("setosa", "versicolor", "virginica"),
        sample_count=150,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/53",
        citation="R. A. Fisher: The use of multiple measurements in taxonomic problems, 1936",
        embedded_in="sklearn",
        requires=("sklearn",),
        extra="data",
        files=(
            DataFile(
                path="datasets/data/iris.csv",
                checksum="sha256:f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449",
                size_bytes=2_734,
            ),
        ),
    ),
    DatasetSpec(
        name="wine",
        target="bench_data.wine:load",
        summary="178 wines of three growers, 13 chemical measures",
        inputs=_table(13),
        targets=_classes("class_0", "class_1", "class_2"),
        sample_count=178,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/109",
        citation="S. Aeberhard, M. Forina: Wine, UCI, 1992",
        embedded_in="sklearn",
        requires=("sklearn",),
        extra="data",
        files=(
            DataFile(
                path="datasets/data/wine_data.csv",
                checksum="sha256:10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
                size_bytes=11_157,
            ),
        ),
    ),
    DatasetSpec(
        name="breast-cancer",
        target="bench_data.breast_cancer:load",
        summary="569 cell samples, malignant or benign, 30 measures",
        inputs=_table(30),
        targets=_classes("malignant", "benign"),
        sample_count=569,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/17",
        citation="W. Wolberg et al.: Breast Cancer Wisconsin (Diagnostic), UCI, 1993",
        embedded_in="sklearn",
        requires=("sklearn",),
        extra="data",
        files=(
            DataFile(
                path="datasets/data/breast_cancer.csv",
                checksum="sha256:fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
                size_bytes=119_913,
            ),
        ),
    ),
    DatasetSpec(
        name="mnist",
        target="bench_data.mnist:load",
        summary="70,000 handwritten digits, 28 × 28 grey values",
        inputs=_images(1, 28),
        targets=_classes(*DIGITS),
        sample_count=70_000,
        has_official_test=True,
        licence="none from the authors; commonly passed on as CC BY-SA 3.0",
        source="http://yann.lecun.com/exdb/mnist/",
        citation="Y. LeCun et al.: Gradient-based learning applied to document recognition, 1998",
        files=(
            _mnist(
                "train-images-idx3-ubyte",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            _mnist(
                "train-labels-idx1-ubyte",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            _mnist(
                "t10k-images-idx3-ubyte",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            _mnist(
                "t10k-labels-idx1-ubyte",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    DatasetSpec(
        name="fashion-mnist",
        target="bench_data.fashion_mnist:load",
        summary="70,000 pieces of clothing, 28 × 28 grey values",
        inputs=_images(1, 28),
        targets=_classes(*CLOTHES),
        sample_count=70_000,
        has_official_test=True,
        licence="MIT",
        source="https://github.com/zalandoresearch/fashion-mnist",
        citation="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
        files=(
            _fashion(
                "train-images-idx3-ubyte",
                26_421_880,
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            ),
            _fashion(
                "train-labels-idx1-ubyte",
                29_515,
                "25c81989df183df01b3e8a0aad5dffbe",
                "9018921c3c673c538a1fc5bad174d6f9",
            ),
            _fashion(
                "t10k-images-idx3-ubyte",
                4_422_102,
                "bef4ecab320f06d8554ea6380940ec79",
                "8181f5470baa50b63fa0f6fddb340f0a",
            ),
            _fashion(
                "t10k-labels-idx1-ubyte",
                5_148,
                "bb300cfdad3c16e7a12a480ee83cd310",
                "15d484375f8d13e6eb1aabb0c3f46965",
            ),
        ),
    ),
    DatasetSpec(
        name="cifar10",
        target="bench_data.cifar10:load",
        summary="60,000 photographs of ten things, 32 × 32 in colour",
        inputs=_images(3, 32),
        targets=_classes(*THINGS),
        sample_count=60_000,
        has_official_test=True,
        licence="none stated; the authors ask that the report be cited",
        source="https://www.cs.toronto.edu/~kriz/cifar.html",
        citation="A. Krizhevsky: Learning multiple layers of features from tiny images, 2009",
        files=(
            _cifar10("data_batch_1", "c99cafc152244af753f735de768cd75f"),
            _cifar10("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
            _cifar10("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
            _cifar10("data_batch_4", "634d18415352ddfa80567beed471001a"),
            _cifar10("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
            _cifar10("test_batch", "40351d587109b95175f43aff81a1287e"),
        ),
    ),
)
BY_NAME = {spec.name: spec for spec in IMAGES_AND_TABLES}
DATASETS = (
    *IMAGES_AND_TABLES,
    *TABLES,
    *CONNECTIONS,
    *TEXTS,
    *SERIES,
    *MEMORY,
    *PLANE,
    *scanned(BY_NAME["digits"], "digits"),
    *scanned(BY_NAME["mnist"], "mnist"),
)


@hookimpl
def bench_datasets() -> Iterable[DatasetSpec]:
    """Return the built-in data sets."""
    return DATASETS


@hookimpl
def bench_readers() -> Iterable[ReaderSpec]:
    """Return what reads tables and images of one's own."""
    yield ReaderSpec(
        name="csv",
        target="bench_data.own_table:load",
        inspect="bench_data.own_table:inspect",
        summary="a table as text: commas, semicolons or tabs; a series, or texts, where its columns are such",
        endings=(".csv", ".tsv", ".tab", ".txt"),
    )
    yield ReaderSpec(
        name="parquet",
        target="bench_data.own_table:load",
        inspect="bench_data.own_table:inspect",
        summary="a table as a Parquet file",
        endings=(".parquet", ".pq"),
        requires=("pyarrow",),
        extra="parquet",
    )
    yield ReaderSpec(
        name="image-folder",
        target="bench_data.own_images:load",
        inspect="bench_data.own_images:inspect",
        summary="a folder with a folder of images for each class",
        endings=("/",),
    )
