"""Disease progression one year after baseline, from ten measurements of 442 patients (Efron et al., 2004)."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

sys.path.append(str(Path(__file__).parents[2] / "_training"))
from modelyard_training import OPSETS, Dataset, Example, Tensors, main, matrix

VERSIONS = {
    "1.0.0": {"n_estimators": 20, "max_depth": 3},
    "1.1.0": {"n_estimators": 80, "min_samples_leaf": 4, "max_features": 0.4},
}

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
SEX = {"female": 1, "male": 2}


def load() -> Dataset:
    rows = load_diabetes(scaled=False, as_frame=True).frame
    rows["sex"] = rows["sex"].map({code: label for label, code in SEX.items()})
    train, test = train_test_split(rows, test_size=0.25, random_state=42)
    return Dataset(
        "diabetes", "scikit-learn load_diabetes(scaled=False)", rows, train, test
    )


def fit(
    tensors: Tensors, target: pd.Series, parameters: Mapping[str, Any]
) -> RandomForestRegressor:
    return RandomForestRegressor(random_state=0, **parameters).fit(
        tensors["features"], target
    )


def predict(model: RandomForestRegressor, tensors: Tensors) -> Tensors:
    return {"progression": model.predict(tensors["features"]).reshape(-1, 1)}


def convert(model: RandomForestRegressor) -> onnx.ModelProto:
    return convert_sklearn(
        model,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        final_types=[("progression", FloatTensorType([None, 1]))],
        target_opset=OPSETS,
    )


def measure(target: pd.Series, outputs: Tensors) -> dict[str, float]:
    predicted = np.ravel(outputs["progression"])
    return {
        "r2": r2_score(target, predicted),
        "mae": mean_absolute_error(target, predicted),
        "rmse": root_mean_squared_error(target, predicted),
    }


EXAMPLE = Example(
    name="diabetes-progression",
    script=Path(__file__),
    data=load(),
    features=FEATURES,
    target="target",
    versions=VERSIONS,
    encode=matrix("features", FEATURES, {"sex": SEX}),
    fit=fit,
    predict=predict,
    convert=convert,
    measure=measure,
    edges={
        "edge-young-lean": {"age": 19, "sex": "female", "bmi": 18, "bp": 62},
        "edge-old-heavy": {"age": 79, "sex": "male", "bmi": 42.2, "bp": 133},
        "edge-female": {"sex": "female"},
        "edge-male": {"sex": "male"},
    },
)

if __name__ == "__main__":
    main(EXAMPLE)
