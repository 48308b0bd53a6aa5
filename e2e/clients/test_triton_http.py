"""Triton's HTTP client: JSON and binary tensors of the Open Inference Protocol, and Triton's extensions of it."""

import asyncio

import numpy
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from examples import texts
from tritonclient.utils import InferenceServerException, np_to_triton_dtype


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.http, concurrency=8, network_timeout=120) as connected:
        yield connected


def inputs_of(feeds, binary=True):
    tensors = [triton.InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype)) for name, data in feeds.items()]
    return [tensor.set_data_from_numpy(data, binary_data=binary) for tensor, data in zip(tensors, feeds.values())]


def asked(names, binary=True):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


def price_feeds(examples, count):
    example = examples["house-price"]
    return example.feeds(example.samples[:count])


@pytest.mark.parametrize("binary_in", [True, False], ids=["binary-in", "json-in"])
@pytest.mark.parametrize("binary_out", [True, False], ids=["binary-out", "json-out"])
def test_golden_samples_get_what_the_training_framework_computed(client, example, binary_in, binary_out):
    for feeds, expected in example.calls():
        result = client.infer(example.name, inputs_of(feeds, binary_in), outputs=asked(expected, binary_out))
        for name, want in expected.items():
            example.check(name, result.as_numpy(name), want)


def test_one_row_gets_what_it_gets_among_others(client, examples):
    for example in (example for example in examples.values() if example.named):
        for sample in example.samples[:5]:
            result = client.infer(example.name, inputs_of(example.feeds([sample])))
            for name, want in example.expected([sample]).items():
                example.check(name, result.as_numpy(name), want)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_every_datatype_comes_back_as_it_was_sent(client, every_type, binary):
    names = [name.replace("in_", "out_") for name in every_type]
    result = client.infer("types", inputs_of(every_type, binary), outputs=asked(names, binary))
    for name, sent in every_type.items():
        got = result.as_numpy(name.replace("in_", "out_"))
        if sent.dtype == object:
            assert texts(got) == list(sent.flatten())
        else:
            assert got.dtype == sent.dtype and numpy.array_equal(got, sent), name


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_nan_and_infinities_come_back(client, every_type, binary):
    feeds = dict(every_type)
    for kind in ("float16", "float32", "float64"):
        feeds[f"in_{kind}"] = numpy.array([[numpy.nan, -numpy.inf], [numpy.inf, 0.5]], dtype=kind)
    feeds = {name: data if data.shape[0] == 2 else numpy.repeat(data, 2, axis=0) for name, data in feeds.items()}
    result = client.infer("types", inputs_of(feeds, binary), outputs=asked(["out_float16", "out_float32", "out_float64"], binary))
    for kind in ("float16", "float32", "float64"):
        assert numpy.array_equal(result.as_numpy(f"out_{kind}"), feeds[f"in_{kind}"], equal_nan=True)


def test_outputs_come_as_asked_for_in_the_order_asked_for(client, examples):
    example = examples["breast-biopsy"]
    feeds = inputs_of(example.feeds(example.samples[:2]))
    mixed = [triton.InferRequestedOutput("probabilities", binary_data=False), triton.InferRequestedOutput("label")]
    response = client.infer(example.name, feeds, outputs=mixed).get_response()
    assert [output["name"] for output in response["outputs"]] == ["probabilities", "label"]
    assert "data" in response["outputs"][0] and "data" not in response["outputs"][1]
    alone = client.infer(example.name, feeds, outputs=asked(["label"]))
    assert [output["name"] for output in alone.get_response()["outputs"]] == ["label"]


def test_ids_versions_and_parameters(client, examples):
    example = examples["house-price"]
    more = {"request_id": "seven \"7\"", "priority": 1, "timeout": 5_000_000, "parameters": {"team": "growth", "trial": 3, "dry": True}}
    response = client.infer(example.name, inputs_of(price_feeds(examples, 1)), model_version=example.version, **more).get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == (more["request_id"], example.name, example.version)


@pytest.mark.parametrize("asked_for", [None, "gzip", "deflate"])
@pytest.mark.parametrize("sent", [None, "gzip", "deflate"])
def test_compressed_bodies_and_answers(client, examples, sent, asked_for):
    example = examples["house-price"]
    samples = example.samples * 200
    result = client.infer(
        example.name,
        inputs_of(example.feeds(samples)),
        request_compression_algorithm=sent,
        response_compression_algorithm=asked_for,
    )
    for name, want in example.expected(samples).items():
        example.check(name, result.as_numpy(name), want)


def test_calls_at_the_same_time_each_get_their_own_rows(client, examples):
    example = examples["diabetes-progression"]
    waiting = [client.async_infer(example.name, inputs_of(example.feeds([sample]))) for sample in example.samples * 4]
    for sample, result in zip(example.samples * 4, waiting):
        for name, want in example.expected([sample]).items():
            example.check(name, result.get_result().as_numpy(name), want)


def test_the_asyncio_client(server, examples):
    example = examples["breast-biopsy"]

    async def ask():
        async with triton_aio.InferenceServerClient(server.http) as connected:
            tensors = inputs_of(example.feeds(example.samples))
            return await asyncio.gather(*(connected.infer(example.name, tensors) for _ in range(10)))

    for result in asyncio.run(ask()):
        for name, want in example.expected(example.samples).items():
            example.check(name, result.as_numpy(name), want)


def test_health_and_metadata(client, example):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(example.name, example.version)
    assert not client.is_model_ready("nobody") and not client.is_model_ready(example.name, "9.9.9")
    server = client.get_server_metadata()
    assert server["name"] == "modelyard-serving" and "binary_tensor_data" in server["extensions"]
    metadata = client.get_model_metadata(example.name)
    assert metadata["name"] == example.name and metadata["platform"] == "onnxruntime_onnx" and example.version in metadata["versions"]
    assert [tensor["name"] for tensor in metadata["inputs"]] == [tensor["name"] for tensor in example.inputs]
    assert [tensor["name"] for tensor in metadata["outputs"]] == [tensor["name"] for tensor in example.outputs]


def test_statistics_count_what_was_asked(client, examples):
    example = examples["house-price"]
    [before] = client.get_inference_statistics(example.name, example.version)["model_stats"]
    for _ in range(3):
        client.infer(example.name, inputs_of(price_feeds(examples, 2)))
    with pytest.raises(InferenceServerException):
        client.infer(example.name, inputs_of({"lotsize": numpy.ones((1, 1), numpy.float32)}))
    [after] = client.get_inference_statistics(example.name, example.version)["model_stats"]
    assert after["inference_count"] - before["inference_count"] == 6
    assert after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"] == 3
    assert {model["name"] for model in client.get_inference_statistics()["model_stats"]} >= set(examples)


def test_the_repository_index_and_its_fixed_contents(client, examples):
    index = {model["name"]: model for model in client.get_model_repository_index()}
    assert set(index) == {*examples, "types", "vectors"}
    assert all(model["state"] == "READY" for model in index.values())
    for change in (client.load_model, client.unload_model):
        with pytest.raises(InferenceServerException, match="the configuration decides") as refused:
            change("types")
        assert refused.value.status() == "400"


def test_what_is_wrong_is_said(client, examples):
    feeds = price_feeds(examples, 1)
    cases = [
        ("nobody", feeds, "404", "nobody"),
        ("house-price", {"lotsize": feeds["lotsize"]}, "400", "inputs.bedrooms is required"),
        ("house-price", feeds | {"lotsize": feeds["lotsize"].astype(numpy.float64)}, "400", "must be FP32"),
        ("house-price", feeds | {"lotsize": numpy.ones((1, 2), numpy.float32)}, "400", "shape must be"),
        ("house-price", feeds | {"other": feeds["lotsize"]}, "400", "is not an input of this model"),
    ]
    for model, given, status, message in cases:
        with pytest.raises(InferenceServerException, match=message) as wrong:
            client.infer(model, inputs_of(given))
        assert wrong.value.status() == status
    cut = feeds | {"driveway": numpy.array([["y\0es"]], dtype=object)}
    for binary in (True, False):
        with pytest.raises(InferenceServerException, match="must not hold the character U[+]0000"):
            client.infer("house-price", inputs_of(cut, binary))
    with pytest.raises(InferenceServerException, match="is not an output"):
        client.infer("house-price", inputs_of(feeds), outputs=asked(["nothing"]))
