"""One server for all files, with the examples, every datatype and a table of vectors; see run.sh."""

from __future__ import annotations

import json

import numpy
import pytest
from examples import Example
from onnx import TensorProto, helper
from server import ROOT, Server

TYPES = ROOT / "serving/testing/fixtures/types.onnx"


def vectors_model() -> bytes:
    """Several inputs of rank 1, as MLflow maps the columns of a data frame: total = amount * count + base."""
    values = [("amount", TensorProto.FLOAT), ("count", TensorProto.INT64), ("base", TensorProto.DOUBLE)]
    nodes = [
        helper.make_node("Cast", ["count"], ["count_f"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["base"], ["base_f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["amount", "count_f"], ["product"]),
        helper.make_node("Add", ["product", "base_f"], ["total"]),
        helper.make_node("Greater", ["total", "base_f"], ["more"]),
    ]
    inputs = [helper.make_tensor_value_info(name, kind, ["batch"]) for name, kind in values]
    outputs = [("total", TensorProto.FLOAT), ("more", TensorProto.BOOL)]
    graph = helper.make_graph(nodes, "vectors", inputs, [helper.make_tensor_value_info(n, k, ["batch"]) for n, k in outputs])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    vectors = folder / "vectors.onnx"
    vectors.write_bytes(vectors_model())
    files = [{"name": name, "path": str(path), "ranks": {}} for name, path in (("types", TYPES), ("vectors", vectors))]
    running = Server(folder, files, examples=True)
    yield running
    assert running.close() == 0, "the server did not end as it should"


@pytest.fixture(scope="session")
def examples(server) -> dict[str, Example]:
    booted = json.loads((server.folder / "boot.json").read_text())["models"]
    return {model["name"]: Example(model, server.folder / "cache/sha256") for model in booted if "goldenSamples" in model["versions"][0]}


def pytest_generate_tests(metafunc):
    if "example_name" in metafunc.fixturenames:
        names = sorted(path.parent.name for path in (ROOT / "models").glob("*/model.ts"))
        metafunc.parametrize("example_name", names)


@pytest.fixture
def example(examples, example_name) -> Example:
    return examples[example_name]


@pytest.fixture(scope="session")
def every_type() -> dict[str, numpy.ndarray]:
    """Feeds of the model `types`, which gives each back: the values at which an encoding breaks."""
    info = lambda kind: [numpy.iinfo(kind).min, numpy.iinfo(kind).max]
    odd = ["", "naïve \"text\", 漢字 \U0001f642\n"]
    values = {"float32": [numpy.float32(1) / 3, 1e-45], "float64": [1 / 3, 5e-324], "float16": [1 / 3, 6e-8]}
    values |= {name: info(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")}
    feeds = {f"in_{name}": numpy.array([pair], dtype=name) for name, pair in values.items()}
    return feeds | {"in_bool": numpy.array([[True, False]]), "in_string": numpy.array([odd], dtype=object)}


def pytest_report_teststatus(report):
    """No letters among the lines that are printed below."""
    if report.when == "call" or not report.passed:
        return report.outcome, "", report.outcome
    return None


def pytest_runtest_logreport(report):
    if report.when == "call" or not report.passed:
        print(f"{'ok' if report.passed else 'FAILED'}: {report.nodeid.split('/')[-1]}")


def pytest_terminal_summary(terminalreporter):
    count = lambda *kinds: sum(len(terminalreporter.stats.get(kind, [])) for kind in kinds)
    terminalreporter.write_line(f"{count('passed')} passed, {count('failed', 'error')} failed")
