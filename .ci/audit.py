"""Report what pip-audit found, and how many packages it could not check, which it skips silently."""

import json
import sys
from pathlib import Path
from typing import Any


def say(line: str) -> None:
    sys.stdout.write(f"audit: {line}\n")


def judge(packages: list[dict[str, Any]]) -> int:
    """The exit status: 1 if any package has a known weakness."""
    unanswered = [each["name"] for each in packages if "skip_reason" in each]
    if len(unanswered) == len(packages):
        say(f"NOT ASKED: the index answers for none of {len(packages)} packages")
        return 0
    if unanswered:
        say(f"NOT ASKED about {', '.join(unanswered)}: the index has no answer")
    weak = [(each, found) for each in packages for found in each.get("vulns", ())]
    for package, found in weak:
        fixed = ", ".join(found["fix_versions"]) or "no version"
        say(f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}")
    say(f"{len(packages) - len(unanswered)} packages asked about, {len(weak)} known weaknesses")
    return 1 if weak else 0


def main(report: Path, errors: Path) -> int:
    try:
        packages = json.loads(report.read_text())["dependencies"]
    except ValueError:
        say(f"NOT ASKED: {(errors.read_text().strip().splitlines() or ['no report'])[-1]}")
        return 0
    return judge(packages)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
