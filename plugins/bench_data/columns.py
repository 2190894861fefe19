"""What the columns of the mixed tables hold; light, since both the specs and the loaders read it."""

from __future__ import annotations

from collections.abc import Mapping

from bench.spaces import Space

__all__ = ["ADULT", "CALIFORNIA_HOUSING", "TELCO_CHURN", "WINE_QUALITY", "Columns", "table_space"]

# Name → its categories, in the order of their codes; none for a numeric column.
Columns = Mapping[str, tuple[str, ...]]


def table_space(columns: Columns, *, missing: bool = False) -> Space:
    """Return the space of rows that hold these columns."""
    levels = tuple(map(len, columns.values()))
    return Space("c", (len(columns),), names=tuple(columns), levels=levels, missing=missing)


def _listed(categories: str) -> tuple[str, ...]:
    return tuple(categories.split(","))


ADULT: Columns = {
    "age": (),
    "workclass": _listed(
        "Private,Self-emp-not-inc,Self-emp-inc,Federal-gov,Local-gov,State-gov,Without-pay,Never-worked"
    ),
    "fnlwgt": (),
    "education": _listed(
        "Preschool,1st-4th,5th-6th,7th-8th,9th,10th,11th,12th,HS-grad,Some-college,Assoc-voc,Assoc-acdm,Bachelors,"
        "Masters,Prof-school,Doctorate"
    ),
    "education-num": (),
    "marital-status": _listed(
        "Married-civ-spouse,Divorced,Never-married,Separated,Widowed,Married-spouse-absent,Married-AF-spouse"
    ),
    "occupation": _listed(
        "Tech-support,Craft-repair,Other-service,Sales,Exec-managerial,Prof-specialty,Handlers-cleaners,"
        "Machine-op-inspct,Adm-clerical,Farming-fishing,Transport-moving,Priv-house-serv,Protective-serv,"
        "Armed-Forces"
    ),
    "relationship": ("Wife", "Own-child", "Husband", "Not-in-family", "Other-relative", "Unmarried"),
    "race": ("White", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other", "Black"),
    "sex": ("Female", "Male"),
    "capital-gain": (),
    "capital-loss": (),
    "hours-per-week": (),
    "native-country": _listed(
        "United-States,Cambodia,England,Puerto-Rico,Canada,Germany,Outlying-US(Guam-USVI-etc),India,Japan,Greece,"
        "South,China,Cuba,Iran,Honduras,Philippines,Italy,Poland,Jamaica,Vietnam,Mexico,Portugal,Ireland,France,"
        "Dominican-Republic,Laos,Ecuador,Taiwan,Haiti,Columbia,Hungary,Guatemala,Nicaragua,Scotland,Thailand,"
        "Yugoslavia,El-Salvador,Trinadad&Tobago,Peru,Hong,Holand-Netherlands"
    ),
}

CALIFORNIA_HOUSING: Columns = {
    **dict.fromkeys(
        (
            "longitude",
            "latitude",
            "housing_median_age",
            "total_rooms",
            "total_bedrooms",
            "population",
            "households",
            "median_income",
        ),
        (),
    ),
    "ocean_proximity": ("INLAND", "<1H OCEAN", "NEAR BAY", "NEAR OCEAN", "ISLAND"),
}

NO_YES = ("No", "Yes")
SERVICE = ("No", "Yes", "No internet service")

TELCO_CHURN: Columns = {
    "gender": ("Female", "Male"),
    "SeniorCitizen": ("0", "1"),
    "Partner": NO_YES,
    "Dependents": NO_YES,
    "tenure": (),
    "PhoneService": NO_YES,
    "MultipleLines": ("No", "Yes", "No phone service"),
    "InternetService": ("No", "DSL", "Fiber optic"),
    "OnlineSecurity": SERVICE,
    "OnlineBackup": SERVICE,
    "DeviceProtection": SERVICE,
    "TechSupport": SERVICE,
    "StreamingTV": SERVICE,
    "StreamingMovies": SERVICE,
    "Contract": ("Month-to-month", "One year", "Two year"),
    "PaperlessBilling": NO_YES,
    "PaymentMethod": (
        "Electronic check",
        "Mailed check",
        "Bank transfer (automatic)",
        "Credit card (automatic)",
    ),
    "MonthlyCharges": (),
    "TotalCharges": (),
}

WINE_QUALITY: Columns = {
    **dict.fromkeys(
        (
            "fixed acidity",
            "volatile acidity",
            "citric acid",
            "residual sugar",
            "chlorides",
            "free sulfur dioxide",
            "total sulfur dioxide",
            "density",
            "pH",
            "sulphates",
            "alcohol",
        ),
        (),
    ),
    "colour": ("red", "white"),
}
