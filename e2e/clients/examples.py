"""An example of the repository: the tensors of its golden samples, and what the training framework computed for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy

NUMPY = {"string": object}


class Example:
    def __init__(self, model: dict, cache: Path):
        self.name = model["name"]
        [version] = [version for version in model["versions"] if version["name"] == model["stable"]]
        self.version = version["name"]
        self.inputs, self.outputs = version["interface"]["inputs"], version["interface"]["outputs"]
        self.onnx = cache / version["artifact"]["sha256"]
        golden = json.loads((cache / version["goldenSamples"]["sha256"]).read_text())
        self.samples, self.tolerance = golden["samples"], golden["tolerance"]
        self.named = all("columns" in tensor for tensor in self.inputs)

    @property
    def records(self) -> list[dict]:
        return [sample["features"] for sample in self.samples]

    def calls(self) -> list[tuple[dict, dict]]:
        """Feeds and expected outputs by name: all samples in one call, or one call for each where the model takes no table."""
        if self.named:
            return [(self.feeds(self.samples), self.expected(self.samples))]
        return [(self.feeds([sample]), self.expected([sample])) for sample in self.samples]

    def feeds(self, samples: list[dict]) -> dict[str, numpy.ndarray]:
        return {tensor["name"]: feed(tensor, samples) for tensor in self.inputs}

    def expected(self, samples: list[dict]) -> dict[str, numpy.ndarray]:
        """Flat: samples hold no shapes."""
        return {name: numpy.array(sum((sample["outputs"][name] for sample in samples), [])) for name in samples[0]["outputs"]}

    def check(self, name: str, got: numpy.ndarray, expected: numpy.ndarray) -> None:
        assert got.size == expected.size, f"{name} has {got.size} values"
        if expected.dtype.kind in "US":
            assert texts(got) == expected.tolist()
        else:
            close = numpy.allclose(got.flatten().astype(float), expected, self.tolerance["relative"], self.tolerance["absolute"])
            assert close, f"{name}: {got.flatten()[:5]} is not {expected[:5]}"


def texts(data: numpy.ndarray) -> list[str]:
    return [item.decode() if isinstance(item, bytes) else item for item in data.flatten()]


def feed(tensor: dict, samples: list[dict]) -> numpy.ndarray:
    kind = NUMPY.get(tensor["datatype"], tensor["datatype"])
    if "columns" in tensor:
        return numpy.array([[value(column, sample["features"]) for column in tensor["columns"]] for sample in samples], dtype=kind)
    [given] = [sample["tensors"][tensor["name"]] for sample in samples]
    return numpy.array(given["data"], dtype=kind).reshape(given["shape"])


def value(column: dict, features: dict):
    """As the graph takes it: the number of a label, NaN or the empty string for what is missing."""
    given = features.get(column["name"])
    categories = column.get("categories")
    if isinstance(categories, dict):
        return categories[given]
    return given if given is not None else (numpy.nan if column["kind"] == "number" else "")
