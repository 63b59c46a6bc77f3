"""Zero-shot classification: does a hypothesis with a label's name follow from a text? Learned from lists of one fitting
label and three others, with many vocabularies of labels, and from the teacher's opinion about labels that nobody gave.
python -m heads.zero_shot
"""

import argparse
import json
import random
import re

import numpy as np
import torch
import torch.nn.functional as F

from heads.layers import Classifier, set_dropout
from heads.start import Pieces, backbone
from judge.cosine import teacher_vectors
from shared.batches import pad
from shared.optim import adamw, update
from shared.paths import DATA, RUNS
from shared.run import Run
from text.corpus import lines_of, passages, sgd_turns, squad_texts
from text.emotions import emotion_names, goemotions
from text.holdout import names, unseen_banking, unseen_clinc
from text.requests import banking_train, clinc

TEMPLATES = ["This example is {}.", "This example is {}.", "This text is about {}.", "The request is about {}.", "{}"]
LABELS = ["entailment", "not_entailment"]
CHOICES, LISTS = 4, 9
"""Labels of a text, and texts of a step."""
LOWER = 1
"""Layers left as they are: text and label must meet above them."""
TEMPERATURE = 0.06
"""Divides the teacher's cosines."""
PIECES = Pieces()
SHARES = {"clinc": 0.38, "banking": 0.14, "sgd": 0.18, "emotions": 0.06, "phrases": 0.24}


def dev_intents() -> list[str]:
    """Seen by nobody but the development figure: 20 more intents of clinc150."""
    rest = sorted({label for _, label in clinc("train")} - set(unseen_clinc()))
    return random.Random(7).sample(rest, 20)


def spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()


def vocabularies(per_set: int, dice: random.Random) -> dict[str, tuple[list[tuple[str, int | None]], list[str]]]:
    """Of each set: (text, index of the right label or None) and the labels."""
    hidden = set(unseen_clinc()) | set(unseen_banking()) | set(dev_intents())
    result = {}
    for key, rows in (("clinc", clinc("train")), ("banking", banking_train())):
        labels = sorted({label for _, label in rows} - hidden)
        chosen = dice.sample([row for row in rows if row[1] not in hidden], per_set)
        result[key] = [(text, labels.index(label)) for text, label in chosen], [names(label) for label in labels]
    result["sgd"] = sgd_intents(per_set, dice)
    single = [(text, ids[0]) for text, ids in goemotions("train") if len(ids) == 1 and ids[0] != 27]
    result["emotions"] = dice.sample(single, per_set // 3), emotion_names()[:27]
    loose = dice.sample(list(dict.fromkeys(sgd_turns())), per_set // 3) + dice.sample(squad_texts()[1], per_set // 3)
    loose += [text for text, _ in dice.sample(goemotions("train"), per_set // 3)]
    phrases = [text.lower() for text in passages(60, 3) if 1 <= len(text.split()) <= 4 and len(text) > 5][:2500]
    result["phrases"] = [(text, None) for text in loose], list(dict.fromkeys(phrases))
    return result


def sgd_intents(count: int, dice: random.Random) -> tuple[list[tuple[str, int | None]], list[str]]:
    """Requests with the name of their intent, its description or the service's description."""
    schema = {s["service"]: s for s in json.loads((DATA / "sgd" / "train_schema.json").read_text())}
    labels: dict[str, int] = {}
    rows = []
    for line in lines_of(DATA / "sgd" / "train.jsonl.gz"):
        turns = json.loads(line)["turns"]
        speaker, text, _, intent = turns[0]
        if speaker != "U" or not intent or intent[1] not in schema[intent[0]]["intents"] or len(text) < 15:
            continue
        service = schema[intent[0]]
        wording = dice.choice([spaced(intent[1]), service["intents"][intent[1]], spaced(intent[1])]).lower()
        rows.append((text, labels.setdefault(wording, len(labels))))
    return dice.sample(rows, min(count, len(rows))), list(labels)


class Lists:
    """Texts with four labels each and the probabilities wanted."""

    def __init__(self, per_set: int, dice: random.Random):
        self.sets = vocabularies(per_set, dice)
        vectors = teacher_vectors()
        self.near = {}
        for key, (rows, labels) in self.sets.items():
            self.near[key] = vectors([text for text, _ in rows]) @ vectors(labels).T

    def draw(self, dice: random.Random) -> tuple[list[tuple[str, str]], np.ndarray, bool]:
        key = dice.choices(list(SHARES), SHARES.values())[0]
        rows, labels = self.sets[key]
        at = dice.randrange(len(rows))
        text, right = rows[at]
        near = self.near[key][at]
        nearest = [int(i) for i in np.argsort(-near)[:8]]
        first = nearest[0] if right is None else right
        hard = [i for i in nearest if i != first]
        others = dice.sample(hard, 2 if dice.random() < 0.6 else 1)
        while len(others) < CHOICES - 1:
            other = dice.randrange(len(labels))
            if other != first and other not in others:
                others.append(other)
        order = [first, *others]
        soft = np.exp(near[order] / TEMPERATURE)
        soft /= soft.sum()
        target = soft if right is None else np.eye(CHOICES)[0] * 2 / 3 + soft / 3
        template = dice.choice(TEMPLATES)
        return [(text, template.format(labels[i])) for i in order], target, right is not None


def loss_of(logits: torch.Tensor, target: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """`logits` [lists * choices, 2]; a list's softmax against `target`, and each pair alone where the truth is known."""
    entailed = logits[:, 0].view(-1, CHOICES)
    listed = F.cross_entropy(entailed, target)
    margin = (logits[:, 0] - logits[:, 1]).view(-1, CHOICES)
    truth = torch.zeros_like(margin)
    truth[:, 0] = 1
    alone = F.binary_cross_entropy_with_logits(margin, truth, reduction="none").mean(1)
    return listed + 0.5 * (alone * known).sum() / known.sum().clamp(min=1)


@torch.no_grad()
def accuracy(model: Classifier, texts: list[str], truth: list[int], labels: list[str], template=TEMPLATES[0]) -> float:
    """Share of texts whose right label has the highest entailment among all."""
    model.eval()
    hypotheses, right = [template.format(label) for label in labels], 0
    for text, want in zip(texts, truth):
        ids = pad(PIECES.pairs([(text, hypothesis) for hypothesis in hypotheses]))
        right += int(model(ids, (ids != 0).long())[:, 0].argmax()) == want
    return right / len(texts)


def dev_questions(count: int = 100) -> tuple[list[str], list[int], list[str]]:
    labels = dev_intents()
    rows = [row for row in clinc("val") if row[1] in labels]
    rows = random.Random(8).sample(rows, count)
    return [text for text, _ in rows], [labels.index(label) for _, label in rows], [names(label) for label in labels]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=800)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("zero-shot", options.seed, options.steps)
    model = Classifier(backbone(), len(LABELS), lower=LOWER)
    upper, head = model.trained()
    optimizer = adamw([(3e-4, upper), (6e-4, head)])
    lists = Lists(1800, run.random("texts", 0))
    run.say("lists are ready")
    run.resume(model, optimizer)
    dev = dev_questions()
    model.train()
    set_dropout(model, 0.05)
    while run.step < run.steps:
        dice = run.random("lists")
        drawn = [lists.draw(dice) for _ in range(LISTS)]
        ids = pad(PIECES.pairs([pair for pairs, _, _ in drawn for pair in pairs]))
        logits = model(ids, (ids != 0).long())
        target = torch.tensor(np.array([target for _, target, _ in drawn]), dtype=torch.float32)
        known = torch.tensor([float(known) for _, _, known in drawn])
        loss = loss_of(logits, target, known)
        loss.backward()
        update(optimizer, run.part)
        right = (logits[:, 0].view(-1, CHOICES).argmax(1) == 0).float().mean()
        run.tick({"loss": loss.item(), "right": right.item()}, model, optimizer)
        if run.step % 200 == 0:
            run.say(f"dev, 20 intents: {accuracy(model, *dev):.3f}")
            model.train()
    torch.save(model.state_dict(), RUNS / "zero-shot" / "weights.pt")


if __name__ == "__main__":
    main()
