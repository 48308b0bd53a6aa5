"""Triton's gRPC client: raw contents, typed ones by the messages themselves, and what this server does not have."""

import asyncio
import threading

import numpy
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from examples import texts
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

CONTENTS = {"BOOL": "bool", "INT64": "int64", "UINT32": "uint", "UINT64": "uint64", "FP32": "fp32", "FP64": "fp64", "BYTES": "bytes"}
CONTENTS |= {"INT8": "int", "INT16": "int", "INT32": "int", "UINT8": "uint", "UINT16": "uint"}


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.grpc) as connected:
        yield connected


def inputs_of(feeds):
    tensors = [triton.InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype)) for name, data in feeds.items()]
    return [tensor.set_data_from_numpy(data) for tensor, data in zip(tensors, feeds.values())]


def asked(names):
    return [triton.InferRequestedOutput(name) for name in names]


def typed_request(model, feeds, parameters=()):
    request = service_pb2.ModelInferRequest(model_name=model, id="typed")
    for name, data in feeds.items():
        datatype = np_to_triton_dtype(data.dtype)
        tensor = request.inputs.add(name=name, datatype=datatype, shape=data.shape)
        values = [text.encode() for text in texts(data)] if datatype == "BYTES" else data.flatten().tolist()
        getattr(tensor.contents, f"{CONTENTS[datatype]}_contents").extend(values)
    for name, value in parameters:
        request.parameters[name].bool_param = value
    return request


def typed_answer(response):
    """Triton's own reader of answers knows raw contents only."""
    assert not response.raw_output_contents
    return {output.name: getattr(output.contents, f"{CONTENTS[output.datatype]}_contents") for output in response.outputs}


@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_golden_samples_get_what_the_training_framework_computed(client, example, compression):
    for feeds, expected in example.calls():
        result = client.infer(example.name, inputs_of(feeds), compression_algorithm=compression)
        for name, want in expected.items():
            example.check(name, result.as_numpy(name), want)


def test_typed_contents_get_what_the_training_framework_computed(client, example):
    for feeds, expected in example.calls():
        got = typed_answer(client._client_stub.ModelInfer(typed_request(example.name, feeds)))
        for name, want in expected.items():
            example.check(name, numpy.array(list(got[name])), want)


def test_every_datatype_comes_back_as_it_was_sent(client, every_type):
    result = client.infer("types", inputs_of(every_type))
    for name, sent in every_type.items():
        got = result.as_numpy(name.replace("in_", "out_"))
        if sent.dtype == object:
            assert texts(got) == list(sent.flatten())
        else:
            assert got.dtype == sent.dtype and numpy.array_equal(got, sent), name


def test_every_type_that_contents_can_hold_comes_back_typed(client, every_type):
    # FP16 has no typed contents, and an output of it makes the answer raw: it is not asked for.
    request = typed_request("types", {name: data for name, data in every_type.items() if name != "in_float16"})
    with pytest.raises(Exception, match="in_float16 is required"):
        client._client_stub.ModelInfer(request)
    feeds = {"amount": numpy.float32([1.5, 2]), "count": numpy.int64([2, -3]), "base": numpy.float64([0.25, 10])}
    got = typed_answer(client._client_stub.ModelInfer(typed_request("vectors", feeds)))
    assert list(got["total"]) == [3.25, 4] and list(got["more"]) == [True, False]


def test_the_form_of_the_answer_can_be_asked_for(client, examples):
    example = examples["diabetes-progression"]
    request = typed_request(example.name, example.feeds(example.samples[:2]), [("binary_data_output", True)])
    response = client._client_stub.ModelInfer(request)
    assert len(response.raw_output_contents) == 1 and response.id == "typed"


def test_outputs_ids_versions_and_parameters(client, examples):
    example = examples["breast-biopsy"]
    more = {"request_id": "seven", "priority": 1, "timeout": 5_000_000, "parameters": {"team": "growth", "trial": 3}}
    tensors = inputs_of(example.feeds(example.samples[:2]))
    response = client.infer(
        example.name, tensors, model_version=example.version, outputs=asked(["probabilities", "label"]), **more
    ).get_response()
    assert (response.id, response.model_name, response.model_version) == ("seven", example.name, example.version)
    assert [output.name for output in response.outputs] == ["probabilities", "label"]


def test_calls_with_callbacks_each_get_their_own_rows(client, examples):
    example = examples["diabetes-progression"]
    answered, done = {}, threading.Event()
    samples = example.samples * 4

    def keep(index, result, error):
        answered[index] = error or result
        if len(answered) == len(samples):
            done.set()

    for index, sample in enumerate(samples):
        client.async_infer(
            example.name, inputs_of(example.feeds([sample])), callback=lambda result, error, index=index: keep(index, result, error)
        )
    assert done.wait(120)
    for index, sample in enumerate(samples):
        for name, want in example.expected([sample]).items():
            example.check(name, answered[index].as_numpy(name), want)


def test_the_asyncio_client(server, examples):
    example = examples["house-price"]

    async def ask():
        async with triton_aio.InferenceServerClient(server.grpc) as connected:
            tensors = inputs_of(example.feeds(example.samples))
            return await asyncio.gather(*(connected.infer(example.name, tensors) for _ in range(10)))

    for result in asyncio.run(ask()):
        for name, want in example.expected(example.samples).items():
            example.check(name, result.as_numpy(name), want)


def test_health_and_metadata(client, example):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(example.name, example.version)
    assert client.get_server_metadata().name == "modelyard-serving"
    metadata = client.get_model_metadata(example.name, as_json=True)
    assert metadata["name"] == example.name and example.version in metadata["versions"]
    assert [tensor["name"] for tensor in metadata["inputs"]] == [tensor["name"] for tensor in example.inputs]
    assert [tensor["name"] for tensor in metadata["outputs"]] == [tensor["name"] for tensor in example.outputs]


def test_calls_beyond_the_protocol_are_unimplemented(client):
    for call in (client.get_inference_statistics, client.get_model_repository_index, client.get_log_settings):
        with pytest.raises(InferenceServerException) as refused:
            call()
        assert refused.value.status() == "StatusCode.UNIMPLEMENTED"


def test_what_is_wrong_has_a_status(client, examples):
    example = examples["house-price"]
    feeds = example.feeds(example.samples[:1])
    cases = [
        ("nobody", feeds, "NOT_FOUND", "nobody"),
        ("house-price", {"lotsize": feeds["lotsize"]}, "INVALID_ARGUMENT", "inputs.bedrooms is required"),
        ("house-price", feeds | {"lotsize": feeds["lotsize"].astype(numpy.float64)}, "INVALID_ARGUMENT", "must be FP32"),
        ("house-price", feeds | {"other": feeds["lotsize"]}, "INVALID_ARGUMENT", "is not an input of this model"),
    ]
    for model, given, status, message in cases:
        with pytest.raises(InferenceServerException, match=message) as wrong:
            client.infer(model, inputs_of(given))
        assert wrong.value.status() == f"StatusCode.{status}"
    # An answer may be quicker than the timer that ends the call, now and then.
    with pytest.raises(InferenceServerException) as late:
        for _ in range(50):
            client.infer("house-price", inputs_of(feeds), client_timeout=1e-6)
    assert late.value.status() == "StatusCode.DEADLINE_EXCEEDED"
