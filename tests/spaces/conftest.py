"""The scripts in spaces/, which are no package: on ZeroGPU that name is a library's."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "spaces"), str(ROOT / "spaces" / "static")]
