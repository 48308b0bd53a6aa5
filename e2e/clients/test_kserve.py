"""KServe's own client: V1 with named features, V2 over REST as JSON and binary, V2 over gRPC."""

import asyncio

import httpx
import numpy
import pytest
from examples import texts
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from tritonclient.utils import np_to_triton_dtype


def ask(work, protocol, **more):
    """Runs `work(client)` with a REST client of its own."""

    async def run():
        client = InferenceRESTClient(RESTConfig(protocol=protocol, timeout=120, **more))
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(run())


def infer_request(model, feeds, binary, outputs=(), **more):
    inputs = []
    for name, data in feeds.items():
        tensor = InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype))
        # The client refuses to write half precision as JSON.
        tensor.set_data_from_numpy(data, binary_data=binary or data.dtype == numpy.float16)
        inputs.append(tensor)
    asked = [RequestedOutput(name, parameters={"binary_data": binary}) for name in outputs]
    return InferRequest(model_name=model, infer_inputs=inputs, request_outputs=asked, **more)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_v2_golden_samples_get_what_the_training_framework_computed(server, example, binary):
    for feeds, expected in example.calls():
        request = infer_request(example.name, feeds, binary, expected, request_id="seven")
        response = ask(lambda client: client.infer(f"http://{server.http}", request, model_name=example.name), "v2")
        assert response.id == "seven" and response.model_name == example.name
        for name, want in expected.items():
            example.check(name, response.get_output_by_name(name).as_numpy(), want)


def test_v2_over_grpc_golden_samples_get_what_the_training_framework_computed(server, example):
    async def run(request):
        async with InferenceGRPCClient(server.grpc, timeout=120) as client:
            assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready(example.name)
            return await client.infer(request)

    for feeds, expected in example.calls():
        response = asyncio.run(run(infer_request(example.name, feeds, binary=True)))
        for name, want in expected.items():
            example.check(name, response.get_output_by_name(name).as_numpy(), want)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_v2_every_datatype_comes_back_as_it_was_sent(server, every_type, binary):
    request = infer_request("types", every_type, binary, [name.replace("in_", "out_") for name in every_type])
    response = ask(lambda client: client.infer(f"http://{server.http}", request, model_name="types"), "v2")
    for name, sent in every_type.items():
        got = response.get_output_by_name(name.replace("in_", "out_")).as_numpy()
        if sent.dtype == object:
            assert texts(got) == list(sent.flatten())
        else:
            assert got.dtype == sent.dtype and numpy.array_equal(got, sent), name


def test_v2_readiness(server, example):
    base = f"http://{server.http}"
    assert ask(lambda client: client.is_server_live(base), "v2")
    assert ask(lambda client: client.is_server_ready(base), "v2")
    assert ask(lambda client: client.is_model_ready(base, example.name), "v2")


def predictions(server, example, body):
    answer = ask(lambda client: client.infer(f"http://{server.http}", body, model_name=example.name), "v1")
    return answer["predictions"]


def as_columns(predicted, outputs):
    """Each output's values, flat: TensorFlow Serving leaves the name out where there is one output."""
    if len(outputs) == 1:
        return {outputs[0]: numpy.array(predicted).flatten()}
    rows = predicted if isinstance(predicted, list) else [predicted]
    return {name: numpy.array([row[name] for row in rows]).flatten() for name in outputs}


def test_v1_records_get_what_the_training_framework_computed(server, examples):
    for example in (example for example in examples.values() if example.named):
        expected = example.expected(example.samples)
        got = as_columns(predictions(server, example, {"instances": example.records}), list(expected))
        for name, want in expected.items():
            example.check(name, got[name], want)


def test_v1_rows_and_columns_get_the_same(server, examples):
    example = examples["diabetes-progression"]
    [(feeds, expected)] = example.calls()
    rows = feeds["features"].astype(float).tolist()
    names = [column["name"] for column in example.inputs[0]["columns"]]
    columns = {name: [record[name] for record in example.records] for name in names}
    for body in ({"instances": rows}, {"inputs": columns}, {"inputs": {"features": rows}}):
        got = as_columns(predictions(server, example, body), ["progression"])
        example.check("progression", got["progression"], expected["progression"])


def test_v1_raw_tensors_by_name(server, examples):
    example = examples["voice-activity"]
    for feeds, expected in example.calls()[:3]:
        body = {"inputs": {name: data.tolist() for name, data in feeds.items()}}
        got = predictions(server, example, body)
        for name, want in expected.items():
            example.check(name, numpy.array(got[name]), want)


def test_v1_readiness(server, example):
    assert ask(lambda client: client.is_model_ready(f"http://{server.http}", example.name), "v1")


def test_what_is_wrong_raises(server, examples):
    example = examples["diabetes-progression"]
    cases = [("v1", "nobody", {"instances": example.records}, 404), ("v1", example.name, {"instances": [{"age": "old"}]}, 400)]
    cases += [("v1", example.name, {}, 400), ("v2", example.name, infer_request(example.name, {"x": numpy.ones((1, 1), "f4")}, True), 400)]
    for protocol, model, body, status in cases:
        with pytest.raises(httpx.HTTPStatusError) as wrong:
            ask(lambda client, body=body, model=model: client.infer(f"http://{server.http}", body, model_name=model), protocol)
        assert wrong.value.response.status_code == status
        assert wrong.value.response.json()["error"]
