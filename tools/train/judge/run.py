"""Judges the bundled folders by Transformers on every test, writes `quality.json` beside each model, and keeps the questions
that the engine answers too (judge.engine).
python -m judge.run [name ...]
"""

import json
import sys
import time

import torch

from judge.answers import ANSWER
from judge.baselines import PATH as BASELINES
from judge.folders import Bundled
from judge.tasks import JUDGED, SAMPLE, sample
from shared.paths import MODELS, RUNS

QUESTIONS = RUNS / "questions"


def rounded(figures: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in figures.items()}


def judge(name: str) -> None:
    bundled, baselines = Bundled(name), json.loads(BASELINES.read_text())
    quality, questions = {}, {}
    for part, make in JUDGED[name].items():
        judged = make()
        found = ANSWER[judged.task](bundled, judged.inputs)
        count = len(judged.inputs)
        which = sample(name, SAMPLE.get(name, 200), count)
        quality[part] = {
            "texts": count,
            "python": rounded(judged.grade(found, list(range(count)))),
            "linear_baseline": rounded(baselines.get(name, {}).get(part, {})),
            "sample": {"texts": len(which), "python": rounded(judged.grade([found[i] for i in which], which))},
        }
        questions[part] = {"task": judged.task, "numbers": which, "inputs": [judged.inputs[i] for i in which]}
        print(name, part, quality[part], flush=True)
    (MODELS / name / "quality.json").write_text(json.dumps(quality, indent=1) + "\n")
    QUESTIONS.mkdir(parents=True, exist_ok=True)
    (QUESTIONS / f"{name}.json").write_text(json.dumps(questions))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or JUDGED:
        started = time.process_time()
        judge(name)
        print(f"{name}: {time.process_time() - started:.0f} cpu-s", flush=True)
