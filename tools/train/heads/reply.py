"""Reply choice: which of four turns answers what was said? Multiple choice over dialogues of sgd.
python -m heads.reply
"""

import argparse
import json
import random

import torch
import torch.nn.functional as F

from heads.layers import Classifier, set_dropout
from heads.start import Pieces, backbone
from shared.batches import pad
from shared.optim import adamw, update
from shared.paths import DATA, RUNS
from shared.run import Run
from text.corpus import lines_of

CHOICES, LISTS = 4, 8
LOWER = 1
PIECES = Pieces()


def dialogues(part: str) -> list[list[tuple[str, str]]]:
    """Of each dialogue the pairs (what the user said, what the assistant answered)."""
    result = []
    for line in lines_of(DATA / "sgd" / f"{part}.jsonl.gz"):
        turns = json.loads(line)["turns"]
        pairs = [(a[1], b[1]) for a, b in zip(turns, turns[1:]) if a[0] == "U" and b[0] == "S" and len(a[1]) > 12]
        if len(pairs) > 2:
            result.append(pairs)
    return result


def question(all_pairs: list[list[tuple[str, str]]], dice: random.Random) -> tuple[str, list[str], int]:
    """(prompt, four replies, the right one): one reply from the same dialogue, two from others."""
    own = dice.choice(all_pairs)
    prompt, right = dice.choice(own)
    wrong: list[str] = []
    while len(wrong) < CHOICES - 1:
        other = dice.choice(own if not wrong else dice.choice(all_pairs))[1]
        if other == right and not wrong:
            other = dice.choice(dice.choice(all_pairs))[1]
        if other != right and other not in wrong:
            wrong.append(other)
    replies = [right, *wrong]
    dice.shuffle(replies)
    return prompt, replies, replies.index(right)


def questions(part: str, count: int, seed: int = 9) -> list[tuple[str, list[str], int]]:
    pairs, dice = dialogues(part), random.Random(seed)
    return [question(pairs, dice) for _ in range(count)]


@torch.no_grad()
def accuracy(model: Classifier, asked: list[tuple[str, list[str], int]]) -> float:
    model.eval()
    right = 0
    for prompt, replies, want in asked:
        ids = pad(PIECES.pairs([(prompt, reply) for reply in replies]))
        right += int(model(ids, (ids != 0).long())[:, 0].argmax()) == want
    return right / len(asked)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=240)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("reply", options.seed, options.steps)
    model = Classifier(backbone(), 1, lower=LOWER)
    upper, head = model.trained()
    optimizer = adamw([(3e-4, upper), (1e-3, head)])
    run.resume(model, optimizer)
    pairs = dialogues("train")
    model.train()
    set_dropout(model, 0.05)
    while run.step < run.steps:
        dice = run.random("lists")
        asked = [question(pairs, dice) for _ in range(LISTS)]
        ids = pad(PIECES.pairs([(prompt, reply) for prompt, replies, _ in asked for reply in replies]))
        logits = model(ids, (ids != 0).long()).view(-1, CHOICES)
        target = torch.tensor([want for _, _, want in asked])
        loss = F.cross_entropy(logits, target, label_smoothing=0.05)
        loss.backward()
        update(optimizer, run.part)
        run.tick({"loss": loss.item(), "right": (logits.argmax(1) == target).float().mean().item()}, model, optimizer)
    run.say(f"dev: {accuracy(model, questions('dev', 200)):.3f}")
    torch.save(model.state_dict(), RUNS / "reply" / "weights.pt")


if __name__ == "__main__":
    main()
