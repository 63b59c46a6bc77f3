"""Intent: 150 intents of clinc150 and out_of_scope.
python -m heads.intent
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from heads.text_classifier import predict, train
from shared.paths import DATA, RUNS
from shared.run import Run
from text.corpus import lines_of, sgd_first_requests, squad_texts
from text.emotions import goemotions
from text.requests import OUT, clinc

UNRELATED = ("Homes", "Media", "Movies", "Events", "Services")
"""Services of sgd that no intent of clinc150 covers."""
GIVEN_IN_SCOPE = 0.002
"""How much of the accuracy in scope on the dev texts is given for finding what is out of scope."""


def labels() -> list[str]:
    return [*sorted({label for _, label in clinc("train")}), OUT]


def out_of_scope(run: Run) -> list[str]:
    """The 100 examples, five times, and text from elsewhere: questions, comments, encyclopaedia, other services."""
    dice = run.random("out", 0)
    given = [text for text, _ in clinc("oos_train")] * 5
    questions = [text.lower().rstrip("?") for text in dice.sample(squad_texts()[1], 1800)]
    comments = [text.lower() for text, _ in dice.sample(goemotions("train"), 700)]
    wiki = dice.sample(lines_of(DATA / "wikitext2" / "clinc_wiki_sentences.txt"), 500)
    others = [text.lower() for text in dice.sample(sgd_first_requests(UNRELATED), 700)]
    return given + questions + comments + wiki + others


def judge(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """In-scope accuracy over in-scope texts (an answer of out_of_scope is wrong), recall and precision of out_of_scope."""
    found, out = logits.argmax(-1), logits.shape[1] - 1
    inside, outside = truth != out, truth == out
    return {
        "in_scope_accuracy": float((found == truth)[inside].mean()),
        "out_of_scope_recall": float((found == out)[outside].mean()),
        "out_of_scope_precision": float(outside[found == out].mean()) if (found == out).any() else 0.0,
        "accuracy": float((found == truth).mean()),
    }


def best_shift(logits: np.ndarray, truth: np.ndarray) -> float:
    """What to add to out_of_scope's bias: as much as the accuracy in scope on dev texts can bear."""

    def in_scope(shift: float) -> float:
        return judge(logits + shift * np.eye(logits.shape[1])[-1], truth)["in_scope_accuracy"]

    least = in_scope(-100) - GIVEN_IN_SCOPE
    return float(max(s for s in np.arange(-8, 4, 0.1) if in_scope(s) >= least))


def examples(*splits: str) -> tuple[list[str], np.ndarray]:
    index = {label: i for i, label in enumerate(labels())}
    rows = [row for split in splits for row in clinc(split)]
    return [text for text, _ in rows], np.array([index[label] for _, label in rows])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=1100)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("intent", options.seed, options.steps)
    texts, truth = examples("train")
    others = out_of_scope(run)
    wanted = torch.from_numpy(np.concatenate([truth, np.full(len(others), 150)]))
    targets = F.one_hot(wanted, 151).float() * 0.95 + 0.05 / 151
    dev, dev_truth = examples("val", "oos_val")
    model = train(run, texts + others, targets, 768, lambda logits: judge(logits, dev_truth), dev)
    logits = predict(model, dev)
    shift = best_shift(logits, dev_truth)
    with torch.no_grad():
        model.classifier.bias[-1] += shift
    logits[:, -1] += shift
    run.say(f"shift {shift:.1f}: " + "  ".join(f"{k} {v:.3f}" for k, v in judge(logits, dev_truth).items()))
    torch.save(model.state_dict(), RUNS / "intent" / "weights.pt")


if __name__ == "__main__":
    main()
