"""Whether libyaml, which Go's reader of YAML was translated from, reads every YAML file of some folders that `modelyard validate` reads.

    syntax.py VALIDATION.json FOLDER...     the answer of `modelyard validate --only schema --json FOLDER...`

Only the events are compared: what maps and aliases mean is no syntax.
"""

import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import yaml

# What the API server refuses though it is YAML, or nobody can make JSON of.
REFUSED = (
    "Map keys must be unique",
    "a key that is null, a map or a list",
    "names no anchor before it",
    "stands inside the value that it names",
)


def files(folder):
    """As validate looks for them: not in hidden folders and node_modules, and not through links."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        for name in names:
            path = Path(place, name)
            if path.suffix in (".yaml", ".yml") and not path.is_symlink():
                yield path


def problem(path):
    try:
        for _ in yaml.parse(path.read_text(encoding="utf-8"), Loader=yaml.CLoader):
            pass
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return str(error).replace("\n", " ")
    return None


found = defaultdict(list)
for finding in json.loads(Path(sys.argv[1]).read_text())["findings"]:
    if finding["rule"] in ("yaml-syntax", "input-too-large"):
        found[os.path.abspath(finding["file"])].append(finding)
passed = failed = 0
for folder in sys.argv[2:]:
    for path in files(folder):
        ours, theirs = found.get(os.path.abspath(path), []), problem(path)
        unexplained = [one for one in ours if one["rule"] == "yaml-syntax" and not any(why in one["message"] for why in REFUSED)]
        if (theirs is None and not unexplained) or (theirs is not None and ours):
            passed += 1
            continue
        failed += 1
        shown = f"line {unexplained[0]['line']}: {unexplained[0]['message']}" if unexplained else "reads it"
        print(f"FAILED: {path}: validate {shown}; libyaml {theirs or 'reads it'}")
print(f"{passed} passed, {failed} failed")
