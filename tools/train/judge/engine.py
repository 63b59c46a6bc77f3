"""Asks Python and the engine the same questions, a seeded sample of each test (bench/quality.bench.ts in Chromium), writes both
figures into `quality.json`, and fails where one of the engine's is more than half a point from Python's.
python -m judge.engine [name ...]
"""

import json
import subprocess
import sys
from collections.abc import Iterator

import torch

from judge.answers import ANSWER
from judge.folders import Bundled
from judge.questions import SAMPLE, Sample, samples
from judge.run import rounded
from judge.tasks import JUDGED
from shared.paths import MODELS, REPOSITORY

QUESTIONS = REPOSITORY / ".cache" / "train" / "questions"
"""Where the bench looks, whatever TRAIN_RUNS is."""
ALLOWED = 0.005


def write_questions(asked: dict[str, dict[str, Sample]]) -> None:
    """The questions of these models, and of no others."""
    QUESTIONS.mkdir(parents=True, exist_ok=True)
    for old in QUESTIONS.glob("*.json"):
        old.unlink()
    for name, parts in asked.items():
        questions = {part: {"task": s.judged.task, "numbers": s.numbers, "inputs": s.inputs} for part, s in parts.items()}
        (QUESTIONS / f"{name}.json").write_text(json.dumps(questions))


def answered() -> Iterator[dict]:
    """The engine's answers, a set at a time."""
    run = subprocess.Popen(["node", "bench/run.mjs", "quality"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        if line.startswith("{"):
            yield json.loads(line)
        else:
            print(line, end="", flush=True)
    if run.wait():
        raise SystemExit("the browser run failed")


def main() -> None:
    torch.set_num_threads(1)
    names = sys.argv[1:] or list(JUDGED)
    print("a sample of each set:", ", ".join(f"{name} {SAMPLE.get(name, 150)}" for name in names), flush=True)
    asked = {name: samples(name) for name in names}
    write_questions(asked)
    apart = []
    for each in answered():
        name, part, sample = each["name"], each["set"], asked[each["name"]][each["set"]]
        found = rounded(sample.judged.grade(each["answers"], sample.numbers))
        path = MODELS / name / "quality.json"
        quality = json.loads(path.read_text())
        if each["task"] == "redact":  # with rules, which are the engine's own: nothing to compare with
            quality[part]["sample"]["engine_with_rules"] = found
        else:
            python = ANSWER[sample.judged.task](Bundled(name), sample.inputs)
            figures = rounded(sample.judged.grade(python, sample.numbers))
            quality[part]["sample"] = {"texts": len(sample.numbers), "python": figures, "engine": found}
            apart += [f"{name}, {part}: {key}" for key in found if abs(found[key] - figures[key]) > ALLOWED]
        path.write_text(json.dumps(quality, indent=1) + "\n")
        print(f"{each['seconds']:.0f} s", name, part, quality[part]["sample"], flush=True)
    if apart:
        raise SystemExit("more than half a point from Python's: " + "; ".join(apart))


if __name__ == "__main__":
    main()
