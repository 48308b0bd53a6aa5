"""kubernetes-validate, strict, newest Kubernetes, over a folder: one line a failing object, last line `passed N failed N`."""

import sys
from collections import Counter
from pathlib import Path

import kubernetes_validate
import yaml
from kubernetes_validate import SchemaNotFoundError, ValidationError

from manifests import files_of, name_of, objects_of


def verdict(item, version):
    """None when valid, "unknown" for a kind without a schema, else what is wrong."""
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("apiVersion", "kind")):
        return "apiVersion or kind is missing"
    try:
        kubernetes_validate.validate(item, version, strict=True)
    except SchemaNotFoundError:
        return "unknown"
    except ValidationError as error:
        return f"{'.'.join(str(part) for part in error.path)}: {error.message[:300]}"
    return None


def main(folder):
    version = kubernetes_validate.latest_version()
    passed = failed = 0
    unknown = Counter()
    for file in files_of(folder):
        shown = file.relative_to(Path(folder))
        try:
            items = objects_of(file)
        except yaml.YAMLError as error:
            failed += 1
            print(f"kubernetes-validate: {shown}: not YAML: {' '.join(str(error).split())}")
            continue
        for item in items:
            wrong = verdict(item, version)
            if wrong is None:
                passed += 1
            elif wrong == "unknown":
                unknown[f"{item['apiVersion']} {item['kind']}"] += 1
            else:
                failed += 1
                print(f"kubernetes-validate: {shown}: {name_of(item)}: {wrong}")
    for kind, count in sorted(unknown.items()):
        print(f"not known to kubernetes-validate: {kind} ({count}); left to kubeconform")
    print(f"kubernetes-validate {kubernetes_validate.__version__}, Kubernetes {version}, strict: {passed} passed, {failed} failed")
    print(f"passed {passed} failed {failed}")


main(sys.argv[1])
