"""Mood: negative, neutral, positive, from GoEmotions' comments whose emotions agree.
python -m heads.mood
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score

from heads.text_classifier import train
from shared.paths import RUNS
from shared.run import Run
from text.emotions import MOODS, moods


def judge(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    found = logits.argmax(-1)
    return {"accuracy": float((found == truth).mean()), "macro_f1": float(f1_score(truth, found, average="macro"))}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=2200)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("mood", options.seed, options.steps)
    rows, dev = moods("train"), moods("dev")
    targets = F.one_hot(torch.tensor([mood for _, mood in rows]), len(MOODS)).float() * 0.92 + 0.08 / len(MOODS)
    truth = np.array([mood for _, mood in dev])
    texts = [text for text, _ in rows]
    model = train(run, texts, targets, 768, lambda logits: judge(logits, truth), [text for text, _ in dev], rate=2e-4)
    torch.save(model.state_dict(), RUNS / "mood" / "weights.pt")


if __name__ == "__main__":
    main()
