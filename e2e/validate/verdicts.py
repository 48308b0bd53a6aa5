"""kubernetes-validate's word on every file of a folder, as JSON: file -> "valid", "unknown" or what is wrong."""

import json
import sys
from pathlib import Path

import kubernetes_validate
import yaml
from kubernetes_validate import SchemaNotFoundError, ValidationError


def verdict(file):
    """Each file holds one object. PyYAML takes a key twice without a word, so that this validator cannot see it."""
    try:
        items = [item for item in yaml.safe_load_all(file.read_text(encoding="utf-8")) if item is not None]
        for item in items:
            if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("apiVersion", "kind")):
                return "apiVersion or kind is missing"
            kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)
    except yaml.YAMLError as error:
        return f"not YAML: {error}"
    except SchemaNotFoundError:
        return "unknown"
    except ValidationError as error:
        return error.message[:200]
    return "valid"


folder, count = Path(sys.argv[1]), int(sys.argv[2])
files = sorted(folder.glob("*.yaml"))[:count]
print(json.dumps({file.name: verdict(file) for file in files}))
