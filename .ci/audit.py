# ruff: noqa: T201  # it is read in a terminal
"""Ask whether any pinned package has a known hole, and whether any tracked file holds a secret.

A found hole or secret fails. Where the advisory service does not answer (a closed network), that is said and fails not:
then somebody has to run this where it does.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
PINNED = ("requirements.txt", "requirements-dev.txt")
# What stands for a password or a passport where it is explained or tested: a word of that kind, or plain words.
EXAMPLES = "^(password|secret|se%zzcret|sec|short|zzQx7Kp9v|zz|1|[A-Z][0-9]{7,8}|[a-z,]+( [a-z,]+)+)$"


def holes() -> bool:
    """Print the packages with known holes, and those nobody could tell about; return whether there are holes."""
    files = [word for name in PINNED for word in ("-r", name)]
    asked = subprocess.run(
        [PROGRAMS / "pip-audit", *files, "--disable-pip", "--no-deps", "--format=json", "--progress-spinner=off"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        words = asked.stderr.strip().splitlines() or ["no answer"]
        print(f"NOT AUDITED: the advisory service cannot be reached. {words[-1][:300]}")
        return False
    found = [package for package in packages if package.get("vulns")]
    for package in found:
        for hole in package["vulns"]:
            cure = ", ".join(hole["fix_versions"]) or "no release yet"
            print(f"HOLE: {package['name']} {package['version']}: {hole['id']}, mended in {cure}")
    untold = [package["name"] for package in packages if "skip_reason" in package]
    if untold:
        print(f"NOT AUDITED: {len(untold)} of {len(packages)} packages, of which the advisory service says nothing.")
    else:
        print(f"{len(packages)} packages audited.")
    return bool(found)


def secrets() -> bool:
    """Print where tracked files seem to hold a secret; return whether any does."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    files = [name for name in tracked.stdout.split("\0") if name and (ROOT / name).is_file()]
    scanned = subprocess.run(
        [PROGRAMS / "detect-secrets-hook", "--no-verify", "--exclude-secrets", EXAMPLES, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if scanned.returncode:
        print(scanned.stdout.strip() or scanned.stderr.strip())
    else:
        print(f"{len(files)} files hold no secret.")
    return scanned.returncode != 0


if __name__ == "__main__":
    sys.exit(any([holes(), secrets()]))
