"""Grades the engine's answers beside Python's: asks the same questions of both (bench/quality.bench.ts in Chromium), completes
`quality.json`, and fails where a figure is more than half a point from Python's.
python -m judge.engine [name ...]
"""

import json
import subprocess
import sys

from judge import questions
from judge.run import rounded
from judge.tasks import JUDGED
from shared.paths import MODELS, REPOSITORY


ALLOWED = 0.005
"""Of a figure's difference to Python's; the rules of redaction are the engine's own, so that figure stands alone."""


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
    names = sys.argv[1:] or list(JUDGED)
    questions.write(names)
    apart = []
    for each in lines():
        path = MODELS / each["name"] / "quality.json"
        quality = json.loads(path.read_text())
        sample = quality[each["set"]]["sample"]
        found = rounded(JUDGED[each["name"]][each["set"]]().grade(each["answers"], each["numbers"]))
        if each["task"] == "redact":
            sample["engine_with_rules"] = found
        else:
            sample["engine"] = found
            apart += [f"{path}: {key}" for key in found if abs(found[key] - sample["python"][key]) > ALLOWED]
        path.write_text(json.dumps(quality, indent=1) + "\n")
        print(each["name"], each["set"], sample)
    if apart:
        raise SystemExit("more than half a point from Python's: " + ", ".join(apart))


if __name__ == "__main__":
    main()
