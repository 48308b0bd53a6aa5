"""What plain onnxruntime-node makes of ONNX's backend test cases, the server has to make of them too; see run.sh.

usage: corpus.py [--write] <folder that holds <kind>/<case>/model.onnx> [<folder with more of them>]

`--write` makes not-passing.json of what is found, instead of comparing with it.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from pathlib import Path

from cases import Case, read_cases
from judge import NO_LOCALE, PROTOCOLS, Found, judge

LISTED = Path(__file__).with_name("not-passing.json")
# Each has a server of its own: a case that ended it would take only its share along.
PROCESSES = 2


def read_all(roots: list[Path]) -> list[Case]:
    """The cases of the first folder, and those of the others that it does not have; `more/node/test_x` is another model of its name."""
    cases: dict[str, Case] = {}
    for case in (case for root in roots for case in read_cases(root)):
        known = cases.get(case.id)
        if known is None:
            cases[case.id] = case
        elif known.path.read_bytes() != case.path.read_bytes():
            cases[f"more/{case.id}"] = Case(f"more/{case.id}", case.folder)
    return list(cases.values())


def judge_share(cases: list[Case]) -> dict[str, Found]:
    with tempfile.TemporaryDirectory(prefix="modelyard-corpus-") as folder:
        return judge(cases, Path(folder))


def failures_of(id: str, found: Found, listed: str | None) -> list[str]:
    failures = [f"{id}: {text}" for text in found.shortcomings()]
    if found.reason == listed or (found.reason is None and listed == NO_LOCALE):
        return failures
    if listed is None:
        return [f"{id}: plain onnxruntime-node does not pass it ({found.reason}), and {LISTED.name} does not say so", *failures]
    if found.reason is None:
        return [f"{id}: plain onnxruntime-node passes it: take it out of {LISTED.name}", *failures]
    return [f"{id}: {LISTED.name} says {listed!r}, plain onnxruntime-node {found.reason!r}", *failures]


def by_reason(judged: dict[str, Found]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for id, found in sorted(judged.items()):
        if found.reason is not None:
            reasons.setdefault(found.reason, []).append(id)
    return dict(sorted(reasons.items()))


def main(arguments: list[str]) -> int:
    cases = read_all([Path(argument) for argument in arguments if argument != "--write"])
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        shares = pool.map(judge_share, [cases[n::PROCESSES] for n in range(PROCESSES)])
    judged = {id: found for share in shares for id, found in share.items()}
    if "--write" in arguments:
        LISTED.write_text(json.dumps(by_reason(judged), indent=2) + "\n")
    listed = {id: why for why, ids in json.loads(LISTED.read_text()).items() for id in ids}
    failures = {id: failures_of(id, found, listed.get(id)) for id, found in judged.items()}
    for failure in sorted(text for texts in failures.values() for text in texts):
        print(f"FAILED: {failure}")
    bare = sum(found.reason is None for found in judged.values())
    states = Counter(found.state for found in judged.values())
    print(f"{len(judged)} cases: plain onnxruntime-node passes {bare}; {len(judged) - bare} it does not, each for its listed reason")
    print(f"the server at load: {', '.join(f'{count} {state}' for state, count in states.most_common())}")
    for protocol in PROTOCOLS:
        passed = sum(found.reason is None and found.passes(protocol) for found in judged.values())
        print(f"{'ok' if passed == bare else 'FAILED'}: {passed} of {bare} pass as {protocol}")
    failed = sum(texts != [] for texts in failures.values())
    print(f"{len(judged) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
