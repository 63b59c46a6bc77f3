"""What is never trained on: 30 clinc intents and 15 banking intents, drawn once by a fixed seed."""

import random

from text.requests import banking_train, clinc

SEED = 20261128


def names(label: str) -> str:
    """`report_lost_card` → `report lost card`."""
    return label.replace("_", " ").replace("?", "").strip().lower()


def unseen_clinc() -> list[str]:
    labels = sorted({label for _, label in clinc("train")})
    return sorted(random.Random(SEED).sample(labels, 30))


def unseen_banking() -> list[str]:
    labels = sorted({label for _, label in banking_train()})
    return sorted(random.Random(SEED + 1).sample(labels, 15))
