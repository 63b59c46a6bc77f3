"""Grades the engine's answers beside Python's: runs bench/quality.bench.ts in Chromium and completes `quality.json`.
python -m judge.engine
"""

import json
import subprocess

from judge.run import rounded
from judge.tasks import JUDGED
from shared.paths import MODELS, REPOSITORY


def lines() -> list[dict]:
    run = subprocess.Popen(["node", "bench/run.mjs", "quality"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    found = []
    for line in run.stdout:
        if line.startswith("{"):
            found.append(json.loads(line))
            print(*(found[-1][key] for key in ("name", "set", "task", "seconds")), flush=True)
        else:
            print(line, end="", flush=True)
    if run.wait():
        raise SystemExit("the browser run failed")
    return found


def main() -> None:
    for each in lines():
        path = MODELS / each["name"] / "quality.json"
        quality = json.loads(path.read_text())
        judged = JUDGED[each["name"]][each["set"]]()
        key = "engine_with_rules" if each["task"] == "redact" else "engine"
        quality[each["set"]]["sample"][key] = rounded(judged.grade(each["answers"], each["numbers"]))
        path.write_text(json.dumps(quality, indent=1) + "\n")
        print(each["name"], each["set"], quality[each["set"]]["sample"])


if __name__ == "__main__":
    main()
