"""One case at a time: plain onnxruntime-node, then the server in every form of V2."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy
from bare import Bare, Failed
from cases import Case
from onnx import TensorProto
from server import Server

PROTOCOLS = ("json", "binary", "grpc")

OTHER_VALUES = "another answer than ONNX expects"
NO_LOCALE = "the machine may have no locale en_US.UTF-8"
NO_TENSORS = "sequences, maps and optionals are not exchanged"

# The statuses with which the server says that the model cannot run on an input.
REFUSED = re.compile(r"failed: (400|StatusCode\.INVALID_ARGUMENT):")


@dataclass
class Found:
    """What became of one case."""

    state: str
    """READY, or the code with which the server refused the model when it was loaded"""
    reason: str | None = None
    """Why plain onnxruntime-node does not pass the case"""
    served: dict[str, str | None] = field(default_factory=dict)
    """What is wrong with the server's answer, by protocol; what it is compared with is ONNX's answer, or, where plain
    onnxruntime-node gives another, that one"""

    def passes(self, protocol: str) -> bool:
        return protocol in self.served and self.served[protocol] is None

    def shortcomings(self) -> list[str]:
        """Where the server does less than plain onnxruntime-node, or something worse than refuse."""
        if self.state != "READY":
            return [f"the server refuses the model: {self.state}"] if self.reason is None else []
        if self.reason in (None, OTHER_VALUES):
            return [f"{protocol}: {wrong}" for protocol, wrong in self.served.items() if wrong is not None]
        proper = {protocol: wrong is not None and REFUSED.match(wrong) for protocol, wrong in self.served.items()}
        return [f"{protocol}: {self.served[protocol] or 'answers'}" for protocol in proper if not proper[protocol]]


def judge(cases: list[Case], folder: Path) -> dict[str, Found]:
    """Starts a server for the cases, with its files in `folder`."""
    # Here, in the child: Triton's clients start threads, which do not survive a fork.
    from triton import Triton

    server = Server(folder, [{"name": case.name, "path": str(case.path), "ranks": case.ranks} for case in cases])
    served = Triton(server.http, server.grpc)
    bare = Bare()
    judged = {}
    for case in cases:
        judged[case.id] = judge_case(case, bare, served)
        if not server.alive:
            raise RuntimeError(f"{case.id} ended the server")
    bare.close()
    served.close()
    if (code := server.close()) != 0:
        raise RuntimeError(f"the server ended with {code} when it was told to stop")
    return judged


def judge_case(case: Case, bare: Bare, served) -> Found:
    found = Found(served.states[case.name])
    expected = case.sets
    try:
        got = answers(case, partial(bare.run, case))
        if difference(got, expected) is not None:
            found.reason, expected = OTHER_VALUES, got
    except Failed as error:
        found.reason = reason(str(error))
    for protocol in PROTOCOLS if found.state == "READY" else ():
        try:
            got = answers(case, partial(served.infer, protocol, case))
            # No two calls of a random model agree.
            found.served[protocol] = None if case.random else difference(got, expected)
        except Failed as error:
            found.served[protocol] = f"failed: {error}"
    return found


def answers(case: Case, infer) -> list[tuple[dict, dict]]:
    """The case's data sets with what `infer(feeds, names of outputs)` answers in the place of what is expected; raises Failed."""
    if any(data is None for feeds, expected in case.sets for data in [*feeds.values(), *expected.values()]):
        raise Failed(NO_TENSORS)
    return [(feeds, infer(feeds, list(expected))) for feeds, expected in case.sets]


def difference(got: list[tuple[dict, dict]], expected: list[tuple[dict, dict]]) -> str | None:
    """The first thing that is wrong with answers to data sets; None when nothing is."""
    pairs = ((name, have[name], want[name]) for (_, have), (_, want) in zip(got, expected) for name in want)
    return next(filter(None, (wrong_tensor(*pair) for pair in pairs)), None)


def wrong_tensor(name: str, have: numpy.ndarray, want: numpy.ndarray) -> str | None:
    """Floats may differ by ONNX's own tolerance, those of half precision by what half precision can."""
    if have.shape != want.shape:
        return f"{name} has the shape {list(have.shape)}, not {list(want.shape)}"
    if have.dtype != want.dtype:
        return f"{name} is {have.dtype}, not {want.dtype}"
    if want.dtype.kind != "f":
        return None if numpy.array_equal(have, want) else f"{name} has other values"
    relative, absolute = (5e-3, 1e-3) if want.dtype == numpy.float16 else (1e-3, 1e-7)
    return None if numpy.allclose(have, want, relative, absolute, equal_nan=True) else f"{name} has other values"


def reason(failure: str) -> str:
    """What plain onnxruntime-node says, without what names a place in its sources, a file or a node."""
    if (unsupported := re.match(r"Unsupported data type: (\d+)", failure)) is not None:
        return f"the binding has no tensors of {TensorProto.DataType.Name(int(unsupported[1])).lower()}"
    if "locale" in failure:
        return NO_LOCALE
    text = re.sub(r"^Load model from \S+ failed:\s*", "", failure)
    text = re.sub(r"/onnxruntime_src/\S+:\d+ .*?\)(::<lambda\(\)>)?( \[with [^]]*\])? (?=\S)", "", text)
    text = re.sub(r"\s*(with name|\. Name:|\(node:)\s*'[^']*'.*", "", text, flags=re.DOTALL)
    return re.split(r"\. |\n", text, maxsplit=1)[0].rstrip(" .")
