"""Trains every example version again and compares with what is registered.

That is `model.onnx` and `samples.json` in models/<model>/artifacts/<version>/, and the metrics, which `modelyard register`
keeps in models/<model>/versions/<version>.yaml.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime
import pandas as pd
import yaml

from modelyard_training import Example, Json, Tensors, close

FILES = ("model.onnx", "samples.json")
METRIC_TOLERANCE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "repository", type=Path, nargs="?", default=Path(__file__).parents[2]
    )
    models = parser.parse_args().repository.resolve() / "models"
    scripts = sorted(
        [*models.glob("*/train/train.py"), *models.glob("*/train/make_samples.py")]
    )
    results = [
        check_version(script, version)
        for script in scripts
        for version in versions_of(script)
    ]
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not results else 0)


def versions_of(script: Path) -> list[str]:
    """What the script makes, and what is registered although the script does not make it."""
    registered = {file.stem for file in (script.parents[1] / "versions").glob("*.yaml")}
    return sorted({*load(script).VERSIONS, *registered})


def load(script: Path) -> ModuleType:
    name = script.parents[1].name.replace("-", "_")
    spec = importlib.util.spec_from_file_location(f"{name}_{script.stem}", script)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_version(script: Path, version: str) -> bool:
    """Prints one line for the version; true when what is registered can be made again."""
    model = script.parents[1]
    with tempfile.TemporaryDirectory() as folder:
        made, registered = Path(folder), model / "artifacts" / version
        problems = unregistered(model, version) or train(script, version, made)
        if not problems:
            problems = compare(load(script), made, model, version)
        same = all(same_bytes(made / file, registered / file) for file in FILES)
    verdict = "byte-identical" if same else "equal within tolerance"
    mark = "FAIL" if problems else "ok"
    print(
        f"{mark}  {model.name} {version}: {'; '.join(problems) or verdict}", flush=True
    )
    return not problems


def unregistered(model: Path, version: str) -> list[str]:
    needed = (
        model / "versions" / f"{version}.yaml",
        model / "artifacts" / version / "samples.json",
    )
    return [
        f"not registered: no {path.relative_to(model.parents[1])}"
        for path in needed
        if not path.exists()
    ][:1]


def train(script: Path, version: str, out: Path) -> list[str]:
    command = [sys.executable, str(script), "--version", version, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return [f"{script.name} exited with {done.returncode}: {reason}"]


def same_bytes(made: Path, registered: Path) -> bool:
    """A model that comes from a package is not made here, so there is nothing to differ."""
    if not made.exists():
        return True
    return registered.exists() and made.read_bytes() == registered.read_bytes()


def compare(module: ModuleType, made: Path, model: Path, version: str) -> list[str]:
    """What differs by more than the tolerances, in words."""
    registered = model / "artifacts" / version
    facts = yaml.safe_load((model / "versions" / f"{version}.yaml").read_text())
    problems = compare_metrics(read(made / "metrics.json"), facts["evaluation"])
    samples = read(registered / "samples.json")["samples"]
    problems += compare_samples(read(made / "samples.json")["samples"], samples)
    if (made / "model.onnx").exists() and not (registered / "model.onnx").exists():
        problems.append("the bundle has no model.onnx")
    elif (made / "model.onnx").exists():
        tensors = encode(module.EXAMPLE, samples)
        problems += compare_predictions(
            predict(made, tensors), predict(registered, tensors)
        )
    return problems


def read(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def compare_metrics(made: Json, registered: Json) -> list[str]:
    if made["dataset"] != registered["dataset"]:
        return ["metrics are of another data set"]
    if made["metrics"].keys() != registered["metrics"].keys():
        return [
            f"metrics are {', '.join(made['metrics'])}, registered are {', '.join(registered['metrics'])}"
        ]
    return [
        f"{name} is {value}, registered is {registered['metrics'][name]}"
        for name, value in made["metrics"].items()
        if abs(value - registered["metrics"][name])
        > METRIC_TOLERANCE * max(1, abs(value))
    ]


def compare_samples(made: list[Json], registered: list[Json]) -> list[str]:
    if [sample["id"] for sample in made] != [sample["id"] for sample in registered]:
        return ["golden samples have other ids"]
    problems = []
    for new, old in zip(made, registered, strict=True):
        if (new.get("features"), new.get("tensors")) != (
            old.get("features"),
            old.get("tensors"),
        ):
            problems.append(f"golden sample {old['id']} has other inputs")
        outputs = (
            {name: np.array(values) for name, values in sample["outputs"].items()}
            for sample in (new, old)
        )
        problems += [
            f"golden sample {old['id']}: {line}"
            for line in compare_predictions(*outputs)
        ]
    return problems


def encode(example: Example, samples: list[Json]) -> Tensors:
    return example.encode(pd.DataFrame([sample["features"] for sample in samples]))


def predict(bundle: Path, tensors: Tensors) -> Tensors:
    session = onnxruntime.InferenceSession(
        str(bundle / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    outputs = [output.name for output in session.get_outputs()]
    return dict(zip(outputs, session.run(outputs, tensors), strict=True))


def compare_predictions(made: Tensors, registered: Tensors) -> list[str]:
    if made.keys() != registered.keys():
        return [
            f"outputs are {', '.join(made)}, registered are {', '.join(registered)}"
        ]
    return [
        f"output {name} differs"
        for name in made
        if not close(registered[name], made[name]).all()
    ]


if __name__ == "__main__":
    main()
