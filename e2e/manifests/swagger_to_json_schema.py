"""Kubernetes' swagger.json as strict JSON Schema files for kubeconform: `<kind>-<group>-<version>.json` in a folder.

From the Swagger 2 document, which neither our own bundle (OpenAPI v3) nor kubernetes-validate's schemas are read from here.
"""

import json
import sys
from pathlib import Path


def strict(schema):
    """Unknown fields refused in every map whose fields are listed; int-or-string and quantities in JSON Schema's words."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string":
        return {"oneOf": [{"type": "integer"}, {"type": "string"}]}
    result = {key: value for key, value in schema.items() if key not in ("description", "default")}
    if "$ref" in result:
        return {"$ref": result["$ref"]}
    if "properties" in result:
        result["properties"] = {name: strict(value) for name, value in result["properties"].items()}
        result["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), dict):
            result[key] = strict(result[key])
    return result


def main(swagger_file, folder):
    with open(swagger_file, encoding="utf-8") as stream:
        swagger = json.load(stream)["definitions"]
    definitions = {name: strict(schema) for name, schema in swagger.items()}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"oneOf": [{"type": "string"}, {"type": "number"}]}
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, schema in swagger.items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) != 1 or "metadata" not in schema.get("properties", {}):
            continue
        identity = kinds[0]
        definition = definitions[name]
        definition["required"] = sorted({*definition.get("required", []), "apiVersion", "kind"})
        properties = definition["properties"]
        properties["kind"] = {"enum": [identity["kind"]]}
        properties["apiVersion"] = {"enum": ["/".join(part for part in (identity["group"], identity["version"]) if part)]}
        suffix = "-".join(part for part in (identity["group"].split(".")[0], identity["version"]) if part)
        reference = {"$ref": f"_definitions.json#/definitions/{name}"}
        (target / f"{identity['kind'].lower()}-{suffix}.json").write_text(json.dumps(reference), encoding="utf-8")
    (target / "_definitions.json").write_text(json.dumps({"definitions": definitions}), encoding="utf-8")


main(sys.argv[1], sys.argv[2])
