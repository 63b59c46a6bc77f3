"""Trains the upper half and a classifier on kept states of the lower half: what intent and mood share."""

import random
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from heads.layers import Classifier, lower_states, set_dropout
from heads.start import Pieces, backbone
from shared.batches import by_length, epochs, gather, pad, states_of
from shared.optim import adamw, update
from shared.run import Run, seed_all

DROPOUT = 0.1
Loss = Callable[[Classifier, torch.Tensor, torch.Tensor], torch.Tensor]
"""(model, features of a batch, their targets) → what is added to the loss."""


def train(
    run: Run,
    texts: list[str],
    targets: torch.Tensor,
    pieces: int,
    judge: Callable[[np.ndarray], dict[str, float]],
    dev: list[str],
    rate: float = 3e-4,
    more: Loss | None = None,
) -> Classifier:
    """`targets` [texts, labels]: the probabilities wanted. `judge` gives figures from the dev texts' logits at the end. Runs of
    all seeds start from the same head."""
    start = backbone()
    seed_all(1)
    model = Classifier(start, targets.shape[1])
    seed_all(run.seed)
    rows = Pieces().texts(texts)
    upper, head = model.trained()
    optimizer = adamw([(rate, upper), (rate * 4, head)])
    kept = states_of(rows, lambda ids, mask: lower_states(start, ids, mask))
    run.say(f"states of {len(rows)} texts, {sum(map(len, rows))} pieces")
    run.resume(model, optimizer)
    model.train()
    set_dropout(model, DROPOUT)
    batches = epochs([len(row) for row in rows], pieces, run)
    while run.step < run.steps:
        batch = next(batches)
        features = model.features(*gather(kept, batch))
        logits = model.classifier(model.dropout(features))
        loss = F.cross_entropy(logits, targets[batch])
        if more:
            loss = loss + more(model, features, targets[batch])
        loss.backward()
        update(optimizer, run.part)
        right = (logits.argmax(-1) == targets[batch].argmax(-1)).float().mean()
        run.tick({"loss": loss.item(), "right": right.item()}, model, optimizer)
    model.eval()
    figures = judge(predict(model, dev))
    run.say("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    return model


@torch.no_grad()
def predict(model: Classifier, texts: list[str]) -> np.ndarray:
    """Logits [texts, labels]."""
    rows = Pieces().texts(texts)
    logits = np.zeros((len(rows), model.classifier.out_features), np.float32)
    for batch in by_length([len(row) for row in rows], 4096, random.Random(0)):
        ids = pad([rows[i] for i in batch])
        logits[batch] = model(ids, (ids != 0).long()).numpy()
    return logits
