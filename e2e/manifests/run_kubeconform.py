"""kubeconform, strict, with local schemas only, over a folder: one line a failing object, last line `passed N failed N`."""

import json
import subprocess
import sys
from pathlib import Path

from manifests import files_of, objects_of


def main(kubeconform, schemas, folder):
    core = Path(schemas) / "core" / "{{ .ResourceKind }}{{ .KindSuffix }}.json"
    custom = Path(schemas) / "custom" / "{{ .Group }}" / "{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json"
    files = files_of(folder)
    command = [kubeconform, "-strict", "-verbose", "-output", "json"]
    for location in (core, custom):
        command += ["-schema-location", str(location)]
    # In batches, so that no folder is too large for a command line.
    passed = failed = 0
    for batch in (files[at : at + 200] for at in range(0, len(files), 200)):
        answer = subprocess.run(command + [str(file) for file in batch], capture_output=True, text=True, check=False)
        try:
            resources = json.loads(answer.stdout)["resources"]
        except (json.JSONDecodeError, KeyError):
            sys.exit(f"kubeconform: {(answer.stderr or answer.stdout).strip()[:500]}")
        judged = [resource for resource in resources if resource["status"] != "statusEmpty"]
        expected = sum(count_objects(file) for file in batch)
        for resource in judged:
            if resource["status"] == "statusValid":
                passed += 1
                continue
            failed += 1
            shown = Path(resource["filename"]).relative_to(folder)
            message = " ".join(resource.get("msg", "").split())[:400]
            print(f"kubeconform: {shown}: {resource.get('kind', '?')} {resource.get('name', '?')}: {message}")
        missed = expected - len(judged)
        if missed > 0:
            failed += missed
            print(f"kubeconform: {missed} objects were not judged")
    print(f"kubeconform, Kubernetes' swagger.json and Argo CD's CRDs, strict: {passed} passed, {failed} failed")
    print(f"passed {passed} failed {failed}")


def count_objects(file):
    try:
        return len(objects_of(file))
    except Exception:  # kubeconform says itself what is wrong with the file
        return 0


main(*sys.argv[1:4])
