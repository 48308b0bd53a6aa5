"""ONNX's backend test cases, from folders as ONNX's repository keeps them: <kind>/<case>/model.onnx, test_data_set_<n>/."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, numpy_helper

# `real` and `light` are left out: their models are downloads, or have no weights.
KINDS = ("node", "pytorch-converted", "pytorch-operator", "simple")

# Element types whose name in ONNX Runtime is not ONNX's own in small letters.
RUNTIME_NAMES = {"float": "float32", "double": "float64"}


@dataclass
class Case:
    """One model with its data sets."""

    id: str
    """`node/test_abs`"""
    folder: Path

    @property
    def name(self) -> str:
        """What the server calls it: a model's name is one part of a path."""
        return self.id.replace("/", ".")

    @property
    def path(self) -> Path:
        return self.folder / "model.onnx"

    @cached_property
    def graph(self) -> onnx.GraphProto:
        return onnx.load(self.path).graph

    @cached_property
    def sets(self) -> list[tuple[dict, dict]]:
        """Inputs and outputs by name. A file is named by the place of its value in the graph; an optional one may be absent."""
        folders = sorted(self.folder.glob("test_data_set_*"))
        return [(read_side(one, "input", self.graph.input), read_side(one, "output", self.graph.output)) for one in folders]

    @property
    def types(self) -> dict[str, str]:
        """Element types of inputs and outputs as ONNX Runtime names them; of anything but a tensor its kind."""
        return {value.name: type_name(value.type) for value in [*self.graph.input, *self.graph.output]}

    @property
    def random(self) -> bool:
        return any(node.op_type == "Dropout" and len(node.input) == 3 for node in self.graph.node)

    @property
    def ranks(self) -> dict[str, int]:
        """What a graph may leave open and a registered interface states."""
        sides = [side for one in self.sets for side in one]
        return {name: data.ndim for side in sides for name, data in side.items() if data is not None}


def read_cases(root: Path) -> list[Case]:
    paths = (path for kind in KINDS for path in root.glob(f"{kind}/*/model.onnx"))
    return sorted((Case(f"{path.parts[-3]}/{path.parts[-2]}", path.parent) for path in paths), key=lambda case: case.id)


def type_name(declared: onnx.TypeProto) -> str:
    kind = declared.WhichOneof("value")
    if kind != "tensor_type":
        return str(kind).removesuffix("_type")
    name = TensorProto.DataType.Name(declared.tensor_type.elem_type).lower()
    return RUNTIME_NAMES.get(name, name)


def read_side(folder: Path, side: str, values) -> dict:
    """Arrays by name; None for what is no tensor."""
    files = {value.name: (folder / f"{side}_{index}.pb", value.type) for index, value in enumerate(values)}
    return {name: read_tensor(file, declared) for name, (file, declared) in files.items() if file.exists()}


def read_tensor(file: Path, declared: onnx.TypeProto) -> numpy.ndarray | None:
    if not declared.HasField("tensor_type"):
        return None
    tensor = TensorProto()
    tensor.ParseFromString(file.read_bytes())
    return readable(numpy_helper.to_array(tensor))


def readable(data: numpy.ndarray) -> numpy.ndarray:
    """Strings as Python's; ONNX and Triton's client give bytes at times."""
    if data.dtype.kind not in "OSU":
        return data
    texts = [item.decode() if isinstance(item, bytes) else str(item) for item in data.flatten()]
    return numpy.array(texts, dtype=object).reshape(data.shape)
