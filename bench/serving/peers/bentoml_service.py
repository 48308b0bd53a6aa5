"""A pickle served by BentoML as its documentation shows. MODEL_PATH names the pickle."""

import os
import pickle
from pathlib import Path

import bentoml
import numpy as np


@bentoml.service(workers=1)
class Model:
    def __init__(self) -> None:
        self.model = pickle.loads(Path(os.environ["MODEL_PATH"]).read_bytes())

    @bentoml.api
    def predict(self, features: np.ndarray) -> np.ndarray:
        return self.model.predict(features)
