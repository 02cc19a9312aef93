"""Runs every bench, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    subprocess.run([sys.executable, "-m", f"tests.bench.{path.stem}"], check=True)
