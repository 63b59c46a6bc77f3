"""Trains the grafted backbone to give the teacher's states without absolute positions and with four layers.

Three losses on one batch: states of words (average of their pieces, layer-normalised on both sides) after the last and the
middle layer; cosine of the means; [CLS] = the teacher's mean, because v2's heads read only [CLS].
    python -m backbone.distil [--steps 290] [--seed 1]
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from transformers import BertModel

from backbone import shape
from backbone.graft import grafted
from backbone.vocabulary import FOLDER, teacher_tokenizer
from shared.batches import pad
from shared.optim import adamw, update
from shared.paths import RUNS, teacher_folder
from shared.run import Run
from shared.tokenizer import fast_tokenizer
from text.corpus import passages

PIECES = 1024
"""A step, padding included."""
LATE = 0.75
"""From this part of the run on texts are longer, so that the far position buckets learn too."""
LENGTHS = {False: 64, True: 160}


class Pairs:
    """The corpus in steps; each text as pieces of both sides with the word that a piece belongs to (-1: none)."""

    def __init__(self, seed: int):
        self.student, self.teacher = fast_tokenizer(FOLDER), teacher_tokenizer()
        self.texts = {late: passages(500 if late else 230, seed + late) for late in (False, True)}
        self.place = {False: 0, True: 0}

    def step(self, late: bool):
        """Texts of about one length that fill a step: lists of (ids, words, teacher's ids, teacher's words)."""
        if not hasattr(self, "queue") or self.late != late or not self.queue:
            self.late, self.queue = late, self.fill(late)
        return self.queue.pop()

    def fill(self, late: bool):
        start, count = self.place[late], 800
        texts = self.texts[late]
        rows = [self.pair(texts[i % len(texts)], LENGTHS[late]) for i in range(start, start + count)]
        self.place[late] = start + count
        rows = sorted((row for row in rows if len(row[0]) > 2), key=lambda row: len(row[0]))
        steps, batch = [], []
        for row in rows:
            if batch and len(row[0]) * (len(batch) + 1) > PIECES:
                steps.append(batch)
                batch = []
            batch.append(row)
        steps.append(batch)
        np.random.default_rng(start).shuffle(order := np.arange(len(steps)))
        return [steps[i] for i in order]

    def pair(self, text: str, length: int):
        there = self.teacher.encode(text)
        word_at = {}
        for word, (start, end) in zip(there.word_ids, there.offsets):
            if word is not None:
                word_at.update(dict.fromkeys(range(start, end), word))
        here = self.student.encode(text)
        words = [next((word_at[c] for c in range(*span) if c in word_at), -1) for span in here.offsets]
        last = max(words[: length - 1], default=-1)
        keep = [i for i, word in enumerate(there.word_ids) if word is None or word <= last]
        ids, words = here.ids[: length - 1], words[: length - 1]
        if len(here.ids) > len(ids) and ids[-1] != 2:
            ids, words = [*ids, 2], [*words, -1]
        theirs = [there.word_ids[i] for i in keep]
        return ids, words, [there.ids[i] for i in keep], [-1 if w is None else w for w in theirs]


def word_means(states: torch.Tensor, words: list[list[int]], count: int) -> torch.Tensor:
    """States [B, N, D] averaged over the pieces of each word: [B * count, D]; words without pieces give 0."""
    batch, length, size = states.shape
    index = pad(words, -1)
    flat = torch.where(index >= 0, index + torch.arange(batch)[:, None] * count, batch * count).flatten()
    sums = torch.zeros(batch * count + 1, size).index_add(0, flat, states.reshape(-1, size))
    sizes = torch.zeros(batch * count + 1).index_add(0, flat, torch.ones(batch * length))
    return (sums / sizes.clamp(min=1)[:, None])[:-1]


def mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def losses(batch, model, teacher) -> dict[str, torch.Tensor]:
    ids, theirs = pad([row[0] for row in batch]), pad([row[2] for row in batch])
    mask, their_mask = (ids != 0).long(), (theirs != 0).long()
    with torch.no_grad():
        target = teacher(input_ids=theirs, attention_mask=their_mask, output_hidden_states=True)
    states = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    count = 1 + max(max(row[1] + row[3]) for row in batch)
    both = torch.zeros(len(batch), count, dtype=torch.bool)
    for i, row in enumerate(batch):
        both[i, [w for w in set(row[1]) & set(row[3]) if w >= 0]] = True
    both = both.flatten()
    result = {}
    for name, at, theirs_at in (("last", -1, -1), ("middle", 2, 2)):
        want = word_means(target.hidden_states[theirs_at], [row[3] for row in batch], count)[both]
        got = word_means(states[at], [row[1] for row in batch], count)[both]
        result[name] = (F.layer_norm(got, (384,)) - F.layer_norm(want, (384,))).square().mean()
    want = mean(target.last_hidden_state, their_mask)
    result["mean"] = 1 - F.cosine_similarity(mean(states[-1], mask), want).mean()
    result["cls"] = 1 - F.cosine_similarity(states[-1][:, 0], want).mean()
    return result


WEIGHTS = {"last": 1.0, "middle": 0.5, "mean": 4.0, "cls": 3.0}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=290)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("distil", options.seed, options.steps)
    teacher = BertModel.from_pretrained(teacher_folder(), add_pooling_layer=False).eval()
    model = grafted().train()
    named = list(model.named_parameters())
    new = [p for name, p in named if shape.is_new(name)]
    optimizer = adamw([(5e-4, [p for name, p in named if not shape.is_new(name)]), (2e-3, new)])
    run.resume(model, optimizer)
    pairs = Pairs(options.seed + run.step)
    while run.step < run.steps:
        parts = losses(pairs.step(run.part >= LATE), model, teacher)
        sum(WEIGHTS[name] * loss for name, loss in parts.items()).backward()
        update(optimizer, run.part)
        run.tick({name: loss.item() for name, loss in parts.items()}, model, optimizer)
    model.config.save_pretrained(RUNS / "distil")
    torch.save(model.state_dict(), RUNS / "distil" / "backbone.pt")


if __name__ == "__main__":
    main()
