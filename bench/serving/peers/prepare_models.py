"""Fits one version of an example as its train.py does, and writes what the Python peers load.

    prepare_models.py <models/<model>/train/train.py> <version> <folder>

`model.pkl` is the fitted estimator; `mlflow/` is the same as an MLflow model of the scikit-learn flavour.
"""

import importlib.util
import pickle
import sys
from pathlib import Path

import mlflow.sklearn
from sklearn.base import BaseEstimator


def fitted(script: Path, version: str) -> BaseEstimator:
    spec = importlib.util.spec_from_file_location("train", script)
    train = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(train)
    example = train.EXAMPLE
    rows = example.data.train
    return example.fit(
        example.encode(rows), rows[example.target], example.versions[version]
    )


def main() -> None:
    script, version, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    model = fitted(script, version)
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    mlflow.sklearn.save_model(
        model,
        folder / "mlflow",
        serialization_format="pickle",
        pip_requirements=["scikit-learn"],
    )


if __name__ == "__main__":
    main()
