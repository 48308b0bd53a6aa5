"""MLflow's scoring protocol: each payload is sent to `mlflow models serve` with the same ONNX file too, and the answers compared."""

import json
import socket
import subprocess
import time
from dataclasses import dataclass

import mlflow.onnx
import numpy
import onnx
import pandas
import pytest
import requests

JSON = "application/json"
# Seconds; four servers that import pandas at once on a busy machine.
LONGEST_START = 180


@dataclass
class Pair:
    """Where one ONNX file is served by MLflow and by us."""

    mlflow: str
    ours: str

    def ask(self, body, content_type=JSON):
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        ask = lambda url: requests.post(url, data=data, headers={"content-type": content_type}, timeout=120)
        return ask(f"{self.mlflow}/invocations"), ask(f"{self.ours}/invocations")

    def agree(self, body, content_type=JSON):
        """Both answer 200 with the same predictions; gives ours."""
        theirs, ours = self.ask(body, content_type)
        assert theirs.status_code == 200, theirs.json()["message"]
        assert ours.status_code == 200, ours.text
        assert_same(ours.json(), theirs.json())
        return ours.json()["predictions"]


def assert_same(ours, theirs, path="$"):
    assert isinstance(ours, (int, float)) == isinstance(theirs, (int, float)), path
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), path
        for key in theirs:
            assert_same(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), path
        for index, pair in enumerate(zip(ours, theirs)):
            assert_same(*pair, f"{path}[{index}]")
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-5), path
    else:
        assert ours == theirs, path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def pairs(server, examples, tmp_path_factory):
    files = {name: examples[name].onnx for name in ("diabetes-progression", "house-price", "breast-biopsy")}
    files["vectors"] = server.folder / "vectors.onnx"
    started, addresses = [], {}
    try:
        for name, file in files.items():
            folder = tmp_path_factory.mktemp("mlflow") / name
            mlflow.onnx.save_model(onnx.load(file), folder, pip_requirements=[], save_as_external_data=False)
            port = free_port()
            command = ["mlflow", "models", "serve", "-m", folder, "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
            log = (folder / "server.log").open("w")
            # A group of its own: the command starts another process.
            started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
            addresses[name] = f"http://127.0.0.1:{port}"
        for address in addresses.values():
            wait_for(f"{address}/ping")
        yield {name: Pair(address, f"http://{server.http}/models/{name}") for name, address in addresses.items()}
    finally:
        for process in started:
            subprocess.run(["kill", "--", f"-{process.pid}"], check=False)
            process.wait()


def wait_for(url):
    deadline = time.monotonic() + LONGEST_START
    while True:
        try:
            return requests.get(url, timeout=10).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.2)


def frame_of(example, count=6):
    """The features of the first samples as the graph takes them, a column each; floats, as MLflow casts no integers to floats."""
    samples = example.samples[:count]
    columns = {}
    for tensor in example.inputs:
        data = example.feeds(samples)[tensor["name"]]
        for index, column in enumerate(tensor["columns"]):
            columns[column["name"]] = data[:, index].astype(float) if tensor["datatype"].startswith("float") else data[:, index]
    return pandas.DataFrame(columns)


def floats(rows):
    return [[float(value) for value in row] for row in rows]


@pytest.fixture
def diabetes(examples):
    return frame_of(examples["diabetes-progression"])


@pytest.fixture
def vectors():
    return pandas.DataFrame({"amount": [1.5, 2.25, 0.125], "count": [2, -3, 10], "base": [0.25, 10.5, -1.0]})


def test_a_single_matrix_in_every_form(pairs, examples, diabetes):
    pair, example = pairs["diabetes-progression"], examples["diabetes-progression"]
    records, rows = diabetes.to_dict(orient="records"), floats(diabetes.values)
    expected = numpy.array([sample["outputs"]["progression"] for sample in example.samples[: len(rows)]]).flatten()
    bodies = [
        {"dataframe_split": diabetes.to_dict(orient="split")},
        {"dataframe_split": {"columns": list(diabetes), "data": rows}},
        {"dataframe_records": records},
        {"dataframe_records": records, "params": {}},
        {"dataframe_split": diabetes.to_dict(orient="split"), "params": None},
    ]
    for body in bodies:
        predictions = pair.agree(body)
        example.check("progression", numpy.array([row["progression"] for row in predictions]), expected)
    for body in ({"instances": rows}, {"inputs": rows}, {"inputs": {"features": rows}}):
        example.check("progression", numpy.array(pair.agree(body)["progression"]), expected)
    pair.agree({"instances": [{"features": row} for row in rows]})


def test_csv(pairs, diabetes, vectors):
    for name, frame in (("diabetes-progression", diabetes), ("vectors", vectors)):
        text = frame.to_csv(index=False)
        pairs[name].agree(text, "text/csv")
        pairs[name].agree(text.replace("\n", "\r\n"), "text/csv; charset=utf-8")


def test_several_inputs_by_column(pairs, vectors):
    pair = pairs["vectors"]
    records, columns = vectors.to_dict(orient="records"), vectors.to_dict(orient="list")
    for body in ({"dataframe_split": vectors.to_dict(orient="split")}, {"dataframe_records": records}):
        predictions = pair.agree(body)
        assert [row["total"] for row in predictions] == pytest.approx([3.25, 3.75, 0.25])
    for body in ({"inputs": columns}, {"instances": records}):
        pair.agree(body)


def test_several_inputs_as_tensors_with_text(pairs, examples):
    pair, example = pairs["house-price"], examples["house-price"]
    samples = example.samples[:5]
    feeds = example.feeds(samples)
    inputs = {name: data.astype(float).tolist() if data.dtype == numpy.float32 else data.tolist() for name, data in feeds.items()}
    expected = example.expected(samples)["price"]
    example.check("price", numpy.array(pair.agree({"inputs": inputs})["price"]), expected)
    rows = [{name: values[row] for name, values in inputs.items()} for row in range(len(samples))]
    example.check("price", numpy.array(pair.agree({"instances": rows})["price"]), expected)


def test_a_classifier_with_missing_values(pairs, examples):
    pair, example = pairs["breast-biopsy"], examples["breast-biopsy"]
    rows = frame_of(example, len(example.samples)).values.tolist()
    assert any(value != value for row in rows for value in row), "no sample has a missing value"
    for body in ({"instances": rows}, {"inputs": rows}):
        predictions = pair.agree(body)
        for name, want in example.expected(example.samples).items():
            example.check(name, numpy.array(predictions[name]), want)


WRONG = [
    ("no format", {}, JSON),
    ("an unknown format", {"data": [[1.0]]}, JSON),
    ("two formats", {"instances": [[1.0] * 10], "inputs": [[1.0] * 10]}, JSON),
    ("a list", [[1.0] * 10], JSON),
    ("a number", "5", JSON),
    ("cut JSON", '{"instances": [[1', JSON),
    ("not UTF-8", b'{"instances": "\xff"}', JSON),
    ("an empty body", "", JSON),
    ("an empty CSV", "", "text/csv"),
    ("CSV that is not UTF-8", b"a,b\n\xff,1\n", "text/csv"),
    ("a text for a number", {"instances": [["old"] + [1.0] * 9]}, JSON),
    ("too few columns", {"instances": [[1.0] * 9]}, JSON),
    ("rows of different lengths", {"inputs": [[1.0] * 10, [1.0] * 9]}, JSON),
    ("a frame without data", {"dataframe_split": {"columns": ["age"]}}, JSON),
    ("records that are none", {"dataframe_records": [1, 2]}, JSON),
    ("a frame that lacks a column", {"dataframe_records": [{"age": 1.0}]}, JSON),
    ("an unknown input", {"inputs": {"other": [[1.0] * 10]}}, JSON),
    ("another charset", {"instances": [[1.0] * 10]}, "application/json; charset=latin-1"),
    ("an unknown parameter of the type", {"instances": [[1.0] * 10]}, "application/json; profile=x"),
    ("another media type", "<a/>", "application/xml"),
]


@pytest.mark.parametrize(("body", "content_type"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_has_the_same_status(pairs, body, content_type):
    theirs, ours = pairs["diabetes-progression"].ask(body, content_type)
    assert ours.status_code == theirs.status_code, ours.text
    assert 400 <= ours.status_code < 500
    answer = ours.json()
    assert answer["error_code"] and answer["message"]
    assert "stack_trace" not in answer and "Traceback" not in ours.text


def test_health_and_version(pairs, server):
    for path in ("ping", "health"):
        theirs, ours = (requests.get(f"{base}/{path}", timeout=60) for base in (pairs["vectors"].mlflow, f"http://{server.http}"))
        assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text) == (200, "\n")
    assert requests.get(f"http://{server.http}/version", timeout=60).status_code == 200


# What differs on purpose, each with its reason; serving/README.md has the same list.
def test_a_frame_for_outputs_of_different_widths_is_answered(pairs, examples):
    """MLflow makes one frame of all outputs, which fails for a label beside a matrix of probabilities."""
    example = examples["breast-biopsy"]
    frame = frame_of(example).dropna()
    theirs, ours = pairs["breast-biopsy"].ask({"dataframe_split": frame.to_dict(orient="split")})
    assert (theirs.status_code, ours.status_code) == (400, 200)
    assert len(ours.json()["predictions"]) == len(frame)


def test_a_frame_for_several_column_tensors_is_answered(pairs, examples):
    """MLflow feeds a column as [batch], where the graph takes [batch, 1]."""
    example = examples["house-price"]
    theirs, ours = pairs["house-price"].ask({"dataframe_records": example.records})
    assert (theirs.status_code, ours.status_code) == (400, 200)
    got = numpy.array([row["price"] for row in ours.json()["predictions"]])
    example.check("price", got, example.expected(example.samples)["price"])


def test_whole_numbers_for_floats_are_answered(pairs, diabetes):
    """MLflow casts doubles alone, and pandas makes whole numbers of them integers."""
    body = {"instances": [[int(value) for value in row] for row in diabetes.values]}
    theirs, ours = pairs["diabetes-progression"].ask(body)
    assert (theirs.status_code, ours.status_code) == (400, 200)


def test_what_the_interface_forbids_is_refused(pairs, diabetes):
    """MLflow has no interface: it predicts on NaN, on what float32 cannot hold, and ignores fields that it does not know."""
    rows = floats(diabetes.values)
    for body in (
        {"instances": [[float("nan"), *rows[0][1:]]]},
        {"instances": [[1e39, *rows[0][1:]]]},
        {"instances": rows, "other": 1},
        {"instances": rows, "params": [1]},
    ):
        theirs, ours = pairs["diabetes-progression"].ask(body)
        assert (theirs.status_code, ours.status_code) == (200, 400), body
