"""Which questions of each bundled model's tests the engine answers too, drawn by a fixed seed."""

import random
from dataclasses import dataclass

from judge.tasks import JUDGED, Judged

SAMPLE = {"zero-shot": 12, "vectors": 60, "redact": 40, "answers": 60, "reply": 40, "fill": 100}
"""How many of each set, so that a software adapter needs minutes for all; 150 elsewhere."""


@dataclass
class Sample:
    judged: Judged
    numbers: list[int]
    """Of the questions in the whole set."""

    @property
    def inputs(self) -> list:
        return [self.judged.inputs[i] for i in self.numbers]


def samples(model: str) -> dict[str, Sample]:
    """The questions of each set."""
    return {part: drawn(model, make()) for part, make in JUDGED[model].items()}


def drawn(model: str, judged: Judged) -> Sample:
    whole = len(judged.inputs)
    count = min(SAMPLE.get(model, 150), whole)
    return Sample(judged, sorted(random.Random(f"{model}/{whole}").sample(range(whole), count)))
