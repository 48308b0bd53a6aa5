"""The server, asked by Triton's own clients."""

from __future__ import annotations

import numpy
import tritonclient.grpc
import tritonclient.http
from bare import Failed
from cases import Case, readable
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

# Seconds, for a machine that does much else.
PATIENCE = 120


class Triton:
    """`states` says of each model READY, or the code with which the server refused it."""

    def __init__(self, http: str, grpc: str):
        self.http = tritonclient.http.InferenceServerClient(http, network_timeout=PATIENCE, connection_timeout=PATIENCE)
        self.grpc = tritonclient.grpc.InferenceServerClient(grpc)
        index = self.http.get_model_repository_index()
        self.states = {model["name"]: model["state"] if model["state"] == "READY" else model["reason"] for model in index}

    def infer(self, protocol: str, case: Case, feeds: dict, outputs: list[str]) -> dict[str, numpy.ndarray]:
        """Outputs by name as the client reads them. `protocol`: json, binary or grpc. Raises Failed."""
        try:
            result = self.ask(protocol, case.name, feeds, outputs)
            return {name: readable(result.as_numpy(name)) for name in outputs}
        except InferenceServerException as error:
            raise Failed(f"{error.status()}: {error.message()}") from error

    def ask(self, protocol: str, model: str, feeds: dict, outputs: list[str]):
        if protocol == "grpc":
            asked = [tritonclient.grpc.InferRequestedOutput(name) for name in outputs]
            return self.grpc.infer(model, [grpc_input(name, feeds[name]) for name in feeds], outputs=asked)
        binary = protocol == "binary"
        asked = [tritonclient.http.InferRequestedOutput(name, binary_data=binary) for name in outputs]
        return self.http.infer(model, [http_input(name, feeds[name], binary) for name in feeds], outputs=asked)

    def close(self) -> None:
        self.http.close()
        self.grpc.close()


def http_input(name: str, data: numpy.ndarray, binary: bool):
    tensor = tritonclient.http.InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype))
    return tensor.set_data_from_numpy(data, binary_data=binary)


def grpc_input(name: str, data: numpy.ndarray):
    tensor = tritonclient.grpc.InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype))
    return tensor.set_data_from_numpy(data)
