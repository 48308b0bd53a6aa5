"""bare.mjs from Python."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import numpy
from cases import Case

SCRIPT = Path(__file__).with_name("bare.mjs")


class Failed(Exception):
    """There is no answer; the message says why."""


class Bare:
    """Plain onnxruntime-node in a process of its own, started again when a model ends it."""

    process: subprocess.Popen | None = None

    def run(self, case: Case, feeds: dict, outputs: list[str]) -> dict[str, numpy.ndarray]:
        """Outputs by name; raises Failed."""
        types = case.types
        packed = {name: pack(types[name], data) for name, data in feeds.items()}
        line = self.ask(json.dumps({"path": str(case.path), "feeds": packed, "outputs": outputs}))
        if line == "":
            raise Failed("it ends the process")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return {name: unpack(**tensor) for name, tensor in answer["outputs"].items()}

    def ask(self, request: str) -> str:
        if self.process is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self.process = subprocess.Popen(["node", SCRIPT], text=True, **pipes)
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line == "":
            self.close()
        return line

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def pack(type: str, data: numpy.ndarray) -> dict:
    packed = list(data.flatten()) if type == "string" else base64.b64encode(data.tobytes()).decode()
    return {"type": type, "dims": data.shape, "data": packed}


def unpack(type: str, dims: list[int], data) -> numpy.ndarray:
    if type == "string":
        return numpy.array(data, dtype=object).reshape(dims)
    return numpy.frombuffer(base64.b64decode(data), dtype=type).reshape(dims)
