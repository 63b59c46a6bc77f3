"""The questions of each bundled model that the engine answers too, drawn by a fixed seed, as bench/quality.bench.ts reads them."""

import json
import random
from pathlib import Path

from judge.tasks import JUDGED
from shared.paths import REPOSITORY

FOLDER: Path = REPOSITORY / ".cache" / "train" / "questions"
"""Where the bench looks, whatever TRAIN_RUNS is."""
SAMPLE = {"zero-shot": 40, "vectors": 100, "redact": 60, "answers": 80, "reply": 60, "fill": 150}
"""How many questions of each set; 200 elsewhere."""


def sample(model: str, whole: int) -> list[int]:
    """Numbers of the questions for the engine."""
    return sorted(random.Random(f"{model}/{whole}").sample(range(whole), min(SAMPLE.get(model, 200), whole)))


def write(models: list[str]) -> None:
    """The questions of these models, and of no others."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for model in models:
        (FOLDER / f"{model}.json").write_text(json.dumps(of(model)))


def of(model: str) -> dict[str, dict]:
    """Of each set: the task, the questions, and their numbers in the whole set."""
    found = {}
    for part, make in JUDGED[model].items():
        judged = make()
        numbers = sample(model, len(judged.inputs))
        found[part] = {"task": judged.task, "numbers": numbers, "inputs": [judged.inputs[i] for i in numbers]}
    return found
