"""A11: the pinned versions against the lists of known vulnerabilities.

    python -m tests.audit

Prints `N passed / N`, and says so where the lists can't be reached. A vulnerability that can't be avoided yet stands in
`EXCEPTIONS` with a date and a reason, and fails again once the date has passed.
"""

import datetime
import json
import subprocess
import sys
from pathlib import Path

from tests.support.tally import Tally

ROOT = Path(__file__).parent.parent
# package -> until when it is borne, and why
EXCEPTIONS = {
    "pillow": (
        datetime.date(2027, 3, 1),
        "gradio 6 asks for pillow < 13; what the page decodes is bounded in format, bytes and pixels (photos.py)",
    ),
}


def main() -> bool:
    """Run it; returns whether nothing is wrong, or nothing could be learned."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(ROOT / "constraints.txt"), "--no-deps", "--disable-pip"]
    command += ["-f", "json", "--progress-spinner", "off", "--timeout", "20"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        packages = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        print("audit: skipped, the lists of vulnerabilities can't be reached from here (or pip-audit is not installed)")
        return True
    tally = Tally("audit", None)
    for package in packages:
        found = [each["id"] for each in package.get("vulns", ())]
        until, reason = EXCEPTIONS.get(package["name"].lower(), (datetime.date.min, ""))
        is_borne = datetime.date.today() <= until
        if found and is_borne:
            print(f"  {package['name']} until {until}: {reason} ({', '.join(found)})")
        tally.check(not found or is_borne, f"{package['name']} {package.get('version')}: {', '.join(found)}")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
