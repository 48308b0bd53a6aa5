"""Logs the files of a folder as artifacts of one MLflow run, and prints where: log_mlflow.py <folder>."""

import pathlib
import sys

from mlflow import MlflowClient

client = MlflowClient()
run = client.create_run(experiment_id="0")
for path in pathlib.Path(sys.argv[1]).iterdir():
    client.log_artifact(run.info.run_id, str(path), "my model")
print(run.info.artifact_uri)
