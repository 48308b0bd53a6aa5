"""The objects below a folder, as both validators are to see them."""

import sys
from pathlib import Path

import yaml


def files_of(folder):
    """Every YAML file, in a fixed order; a folder with none is a mistake, never a success."""
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix in (".yaml", ".yml"))
    if not files:
        sys.exit(f"no YAML files below {folder}")
    return files


def objects_of(file):
    """The documents of a file that are not empty."""
    with open(file, encoding="utf-8") as stream:
        return [item for item in yaml.safe_load_all(stream) if item is not None]


def name_of(item):
    """`Deployment ml-serving/fraud-scorer`."""
    if not isinstance(item, dict):
        return "(not a map)"
    metadata = item.get("metadata") or {}
    where = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
    return f"{item.get('kind')} {where}"
