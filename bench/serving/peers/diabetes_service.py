"""The service that the tutorials build by hand: FastAPI, pydantic and a pickle. MODEL_PATH names the pickle.

`/predict` has a `def` handler, which FastAPI runs in a thread pool; `/predict-async` the same in an `async def` one.
"""

import os
import pickle
from pathlib import Path
from typing import Literal

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, Field

model = pickle.loads(Path(os.environ["MODEL_PATH"]).read_bytes())

SEX = {"female": 1, "male": 2}


class PatientData(BaseModel):
    age: float = Field(ge=18, le=110)
    sex: Literal["female", "male"]
    bmi: float = Field(ge=10, le=80)
    bp: float = Field(ge=40, le=200)
    s1: float = Field(ge=50, le=500)
    s2: float = Field(ge=10, le=400)
    s3: float = Field(ge=5, le=200)
    s4: float = Field(ge=1, le=20)
    s5: float = Field(ge=1, le=10)
    s6: float = Field(ge=30, le=400)


class PredictionResponse(BaseModel):
    prediction: float


def get_prediction(data: PatientData) -> float:
    features = np.array(
        [
            [
                data.age,
                SEX[data.sex],
                data.bmi,
                data.bp,
                data.s1,
                data.s2,
                data.s3,
                data.s4,
                data.s5,
                data.s6,
            ]
        ]
    )
    return float(model.predict(features)[0])


app = FastAPI(title="Diabetes Progression Predictor")


@app.post("/predict", response_model=PredictionResponse)
def predict(data: PatientData):
    return {"prediction": get_prediction(data)}


@app.post("/predict-async", response_model=PredictionResponse)
async def predict_async(data: PatientData):
    return {"prediction": get_prediction(data)}


@app.get("/health")
def health_check():
    return {"status": "healthy"}
