"""Judges the bundled folders by Transformers on every test and writes `quality.json` beside each model: figures of the whole test,
and of the questions that the engine answers too (judge.engine). Linear baselines that were not made anew stay as they are.
python -m judge.run [name ...]
"""

import json
import sys
import time
from pathlib import Path

import torch

from judge.answers import ANSWER
from judge.baselines import PATH as BASELINES
from judge.folders import Bundled
from judge.questions import drawn
from judge.tasks import JUDGED
from shared.paths import MODELS


def rounded(figures: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in figures.items()}


def read(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def judge(name: str) -> None:
    bundled, path = Bundled(name), MODELS / name / "quality.json"
    before, baselines = read(path), read(BASELINES).get(name, {})
    quality = {}
    for part, make in JUDGED[name].items():
        judged = make()
        found = ANSWER[judged.task](bundled, judged.inputs)
        count = len(judged.inputs)
        which = drawn(name, judged).numbers
        baseline = baselines.get(part, before.get(part, {}).get("linear_baseline", {}))
        quality[part] = {
            "texts": count,
            "python": rounded(judged.grade(found, list(range(count)))),
            "linear_baseline": rounded(baseline),
            "sample": {"texts": len(which), "python": rounded(judged.grade([found[i] for i in which], which))},
        }
        print(name, part, quality[part], flush=True)
    path.write_text(json.dumps(quality, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or JUDGED:
        started = time.process_time()
        judge(name)
        print(f"{name}: {time.process_time() - started:.0f} cpu-s", flush=True)
