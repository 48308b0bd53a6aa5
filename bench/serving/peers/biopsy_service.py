"""As diabetes_service.py, for a logistic regression: the lightest model, where the server is nearly all that is measured."""

import os
import pickle
from pathlib import Path

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, Field

model = pickle.loads(Path(os.environ["MODEL_PATH"]).read_bytes())


class Biopsy(BaseModel):
    clump_thickness: float = Field(ge=1, le=10)
    cell_size_uniformity: float = Field(ge=1, le=10)
    cell_shape_uniformity: float = Field(ge=1, le=10)
    marginal_adhesion: float = Field(ge=1, le=10)
    epithelial_cell_size: float = Field(ge=1, le=10)
    bare_nuclei: float | None = Field(ge=1, le=10)
    bland_chromatin: float = Field(ge=1, le=10)
    normal_nucleoli: float = Field(ge=1, le=10)
    mitoses: float = Field(ge=1, le=10)


class PredictionResponse(BaseModel):
    label: str
    confidence: float


def get_prediction(data: Biopsy) -> dict[str, str | float]:
    features = np.array(
        [
            [
                data.clump_thickness,
                data.cell_size_uniformity,
                data.cell_shape_uniformity,
                data.marginal_adhesion,
                data.epithelial_cell_size,
                np.nan if data.bare_nuclei is None else data.bare_nuclei,
                data.bland_chromatin,
                data.normal_nucleoli,
                data.mitoses,
            ]
        ]
    )
    # One call gives the label too: the tutorials call predict() as well.
    probabilities = model.predict_proba(features)[0]
    top = int(probabilities.argmax())
    return {"label": model.classes_[top], "confidence": float(probabilities[top])}


app = FastAPI(title="Breast Biopsy Classifier")


@app.post("/predict", response_model=PredictionResponse)
def predict(data: Biopsy):
    return get_prediction(data)


@app.post("/predict-async", response_model=PredictionResponse)
async def predict_async(data: Biopsy):
    return get_prediction(data)


@app.get("/health")
def health_check():
    return {"status": "healthy"}
