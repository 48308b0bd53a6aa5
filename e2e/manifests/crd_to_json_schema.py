"""A CustomResourceDefinition as strict JSON Schema files, `<group>/<kind>_<version>.json` in a folder, for kubeconform.

Written apart from generators/validation/schema/bundle on purpose: the two are to catch each other's mistakes.
"""

import json
import sys
from pathlib import Path

import yaml


def strict(schema):
    """Unknown fields refused where the CRD lists the known ones; int-or-string and nullable in JSON Schema's words."""
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"oneOf": [{"type": "integer"}, {"type": "string"}]}
    result = {key: value for key, value in schema.items() if key not in ("description", "default", "nullable")}
    if "properties" in schema:
        result["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = strict(schema[key])
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
    return result


def main(crd_file, folder):
    with open(crd_file, encoding="utf-8") as stream:
        spec = yaml.safe_load(stream)["spec"]
    target = Path(folder) / spec["group"]
    target.mkdir(parents=True, exist_ok=True)
    for version in spec["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        name = f"{spec['names']['kind'].lower()}_{version['name']}.json"
        (target / name).write_text(json.dumps(schema), encoding="utf-8")


main(sys.argv[1], sys.argv[2])
