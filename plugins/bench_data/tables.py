"""Mixed tables, and one set of texts: people, houses, wines, customers, patients, messages."""

from __future__ import annotations

from bench import DataFile, DatasetSpec, Space
from bench_data.columns import ADULT, CALIFORNIA_HOUSING, TELCO_CHURN, WINE_QUALITY, table_space

__all__ = ["TABLES", "TEXTS"]

UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases/"
GITHUB = "https://raw.githubusercontent.com/"


def _file(path: str, url: str, size_bytes: int, sha256: str) -> DataFile:
    return DataFile(path=path, checksum=f"sha256:{sha256}", url=url, size_bytes=size_bytes)


def _classes(*names: str) -> Space:
    return Space(kind="index", size=len(names), names=names)


TABLES = (
    DatasetSpec(
        name="adult",
        target="bench_data.adult:load",
        summary="48,842 people of a census, 14 columns, more than 50,000 $ a year or not",
        inputs=table_space(ADULT, missing=True),
        targets=_classes("<=50K", ">50K"),
        sample_count=48_842,
        has_official_test=True,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/2",
        citation="B. Becker, R. Kohavi: Adult, UCI, 1996",
        files=(
            _file(
                "adult/adult.data",
                f"{UCI}adult/adult.data",
                3_974_305,
                "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
            ),
            _file(
                "adult/adult.test",
                f"{UCI}adult/adult.test",
                2_003_153,
                "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
            ),
        ),
    ),
    DatasetSpec(
        name="telco-churn",
        target="bench_data.telco_churn:load",
        summary="7,043 customers of a telephone company, 19 columns, who left",
        inputs=table_space(TELCO_CHURN, missing=True),
        targets=_classes("No", "Yes"),
        sample_count=7043,
        licence="Apache-2.0 (the repository's)",
        source="https://github.com/IBM/telco-customer-churn-on-icp4d",
        citation="IBM sample data: Telco customer churn",
        files=(
            _file(
                "telco-churn/Telco-Customer-Churn.csv",
                f"{GITHUB}IBM/telco-customer-churn-on-icp4d/master/data/Telco-Customer-Churn.csv",
                970_457,
                "16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91",
            ),
        ),
    ),
    DatasetSpec(
        name="california-housing",
        target="bench_data.california_housing:load",
        summary="20,640 districts of 1990, 9 columns, median house value in 100,000 $",
        inputs=table_space(CALIFORNIA_HOUSING, missing=True),
        targets=Space(),
        sample_count=20_640,
        licence="Apache-2.0 (the repository's); census data underneath, none stated",
        source="https://github.com/ageron/handson-ml2",
        citation="R. Pace, R. Barry: Sparse spatial autoregressions, 1997; as changed by A. Géron",
        files=(
            _file(
                "california-housing/housing.csv",
                f"{GITHUB}ageron/handson-ml2/master/datasets/housing/housing.csv",
                1_423_529,
                "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
            ),
        ),
    ),
    DatasetSpec(
        name="wine-quality",
        target="bench_data.wine_quality:load",
        summary="6,497 red and white wines, 12 columns, a grade from 3 to 9",
        inputs=table_space(WINE_QUALITY),
        targets=Space(),
        sample_count=6497,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/186",
        citation="P. Cortez et al.: Modeling wine preferences by data mining from physicochemical properties, 2009",
        files=(
            _file(
                "wine-quality/winequality-red.csv",
                f"{UCI}wine-quality/winequality-red.csv",
                84_199,
                "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
            ),
            _file(
                "wine-quality/winequality-white.csv",
                f"{UCI}wine-quality/winequality-white.csv",
                264_426,
                "76c3f809815c17c07212622f776311faeb31e87610d52c26d87d6e361b169836",
            ),
        ),
    ),
    DatasetSpec(
        name="diabetes",
        target="bench_data.diabetes:load",
        summary="442 patients, 10 measures, how far the disease went in a year",
        inputs=table_space(
            {**dict.fromkeys(("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"), ()), "sex": ("1", "2")}
        ),
        targets=Space(),
        sample_count=442,
        licence="none stated; published with the paper",
        source="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
        citation="B. Efron, T. Hastie, I. Johnstone, R. Tibshirani: Least angle regression, 2004",
        embedded_in="sklearn",
        requires=("sklearn",),
        extra="data",
        files=(
            DataFile(
                path="datasets/data/diabetes_data_raw.csv",
                checksum="sha256:7fc0ded571454b1982210d3bb43f0aca44eae01a0b8654a3b24022bdb6b38009",
                unpacked_checksum="sha256:86badf50b4f9436ddd1e497dc0ae1b93166f8120221ee7dca4634fe849f3be7c",
                size_bytes=7_073,
            ),
            DataFile(
                path="datasets/data/diabetes_target.csv",
                checksum="sha256:8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803",
                unpacked_checksum="sha256:244713a551f62a291a354212d8a048adec6cb1244b2bc44e66a0698f5006d26d",
                size_bytes=1_050,
            ),
        ),
    ),
)

TEXTS = (
    DatasetSpec(
        name="sms-spam",
        target="bench_data.sms_spam:load",
        summary="5,574 short messages, spam or not",
        inputs=Space(kind="text"),
        targets=_classes("ham", "spam"),
        sample_count=5574,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/228",
        citation="T. Almeida, J. Gómez Hidalgo, A. Yamakami: Contributions to the study of SMS spam filtering, 2011",
        files=(
            # UCI packs it as a zip; this is the same file, byte for byte.
            _file(
                "sms-spam/SMSSpamCollection",
                f"{GITHUB}justmarkham/pycon-2016-tutorial/master/data/sms.tsv",
                477_907,
                "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
            ),
        ),
    ),
    DatasetSpec(
        name="sentiment-sentences",
        target="bench_data.sentiment_sentences:load",
        summary="3,000 sentences on phones, films and restaurants, with praise or blame",
        inputs=Space(kind="text"),
        targets=_classes("negative", "positive"),
        sample_count=3000,
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/331",
        citation="D. Kotzias et al.: From group to individual labels using deep features, 2015",
        files=tuple(
            # UCI packs them as a zip, so they have no address of their own.
            DataFile(
                path=f"sentiment-labelled-sentences/{name}_labelled.txt", checksum=f"sha256:{sha256}", size_bytes=size
            )
            for name, size, sha256 in (
                ("amazon_cells", 58_226, "47003fc0a0d4840b00e96e715b6189bad09e7443a3da41c4cbe12ffc79f86ae3"),
                ("imdb", 85_285, "aef2e49e3da25714d61175e3a6e68eeef74a20a2f914318dc3be9947ea86512d"),
                ("yelp", 61_320, "c76468b7b5c6e56a0804d728345c5f84aa2142ddb214420f61cc9cfd4c00d2ea"),
            )
        ),
    ),
)
