"""The real server as a process of its own, with many models; boot.ts says which."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ["node", "-C", "modelyard-source", "--import", "tsx"]

# Seconds; two thousand models on a busy machine take twenty.
LONGEST_START = 600


class Server:
    """Started once every model is loaded or refused. `http` and `grpc` are host:port; files are kept in `folder`."""

    def __init__(self, folder: Path, files: list[dict], examples: bool = False):
        folder.mkdir(parents=True, exist_ok=True)
        listing = folder / "listing.json"
        listing.write_text(json.dumps({"examples": examples, "files": files}))
        subprocess.run([*SOURCE, "e2e/served/boot.ts", listing, folder], cwd=ROOT, check=True)
        self.folder, self.log = folder, folder / "server.log"
        paths = ["--boot", folder / "boot.json", "--routing", folder / "routing.json", "--cache", folder / "cache"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*SOURCE, "serving/main.ts", *paths, "--host", "127.0.0.1", "--grpc-port", "0"], cwd=ROOT, stdout=log, stderr=log
            )
        self.http = self.logged(r"listening at http://([\d.:]+)")
        self.grpc = "127.0.0.1:" + self.logged(r'"port":(\d+),"msg":"gRPC listening"')
        self.wait(lambda: True if answers(f"http://{self.http}/startupz") else None)

    def logged(self, pattern: str) -> str:
        return self.wait(lambda: re.search(pattern, self.log.read_text()))[1]

    def wait(self, condition):
        deadline = time.monotonic() + LONGEST_START
        while (found := condition()) is None:
            if not self.alive or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        return found

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> int:
        """Its exit code, after a SIGTERM."""
        self.process.terminate()
        return self.process.wait()


def answers(url: str) -> bool:
    """Whether it answers 200."""
    try:
        with urllib.request.urlopen(url):
            return True
    except urllib.error.HTTPError:
        return False
