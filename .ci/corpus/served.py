"""The real server with many models, asked by Triton's own clients."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from pathlib import Path

import numpy
import tritonclient.grpc
import tritonclient.http
from bare import Failed
from cases import Case, readable
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

ROOT = Path(__file__).parents[2]
SOURCE = ["node", "-C", "modelyard-source", "--import", "tsx"]
LONGEST_START = 120


class Served:
    """One process of the server; `states` says of each model whether it answers, else the code of its refusal."""

    def __init__(self, folder: Path, models: list[dict]):
        listed, boot, self.log = folder / "models.json", folder / "boot.json", folder / "server.log"
        listed.write_text(json.dumps(models))
        subprocess.run([*SOURCE, ".ci/corpus/boot.ts", listed, boot], cwd=ROOT, check=True)
        options = ["--boot", boot, "--routing", folder / "none.json", "--cache", folder / "cache", "--host", "127.0.0.1", "--grpc-port", "0"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen([*SOURCE, "serving/main.ts", *options], cwd=ROOT, stdout=log, stderr=log)
        address = self.logged(r"Server listening at http://([\d.:]+)")
        self.http = tritonclient.http.InferenceServerClient(address, network_timeout=120, connection_timeout=120)
        self.grpc = tritonclient.grpc.InferenceServerClient("127.0.0.1:" + self.logged(r'"port":(\d+),"msg":"gRPC listening"'))
        self.wait(lambda: self.get(f"http://{address}/startupz"))
        index = self.http.get_model_repository_index()
        self.states = {model["name"]: model["state"] if model["state"] == "READY" else model["reason"] for model in index}

    def logged(self, pattern: str) -> str:
        return self.wait(lambda: re.search(pattern, self.log.read_text()))[1]

    def get(self, url: str):
        try:
            return urllib.request.urlopen(url)
        except urllib.error.HTTPError:
            return None

    def wait(self, condition):
        deadline = time.monotonic() + LONGEST_START
        while (found := condition()) is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        return found

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> int:
        """Its exit code, after a SIGTERM."""
        self.http.close()
        self.grpc.close()
        self.process.terminate()
        return self.process.wait()

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


def http_input(name: str, data: numpy.ndarray, binary: bool):
    tensor = tritonclient.http.InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype))
    return tensor.set_data_from_numpy(data, binary_data=binary)


def grpc_input(name: str, data: numpy.ndarray):
    tensor = tritonclient.grpc.InferInput(name, list(data.shape), np_to_triton_dtype(data.dtype))
    return tensor.set_data_from_numpy(data)
