"""Rows of pieces in batches of about equal length, and their states kept in half precision."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import torch

from shared.run import Run


def pad(sequences: list[list[int]], value: int = 0) -> torch.Tensor:
    longest = max(map(len, sequences))
    return torch.tensor([[*s, *[value] * (longest - len(s))] for s in sequences])


def by_length(lengths: list[int], pieces: int, dice: random.Random) -> list[list[int]]:
    """Indices in batches of at most `pieces` with padding, in random order; neighbours in length are drawn anew each time."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] + dice.random() * 4)
    batches, batch, longest = [], [], 0
    for i in order:
        longest = max(longest, lengths[i])
        if batch and longest * (len(batch) + 1) > pieces:
            batches.append(batch)
            batch, longest = [], lengths[i]
        batch.append(i)
    batches.append(batch)
    dice.shuffle(batches)
    return batches


def epochs(lengths: list[int], pieces: int, run: Run) -> Iterator[list[int]]:
    """Batches without end; takes up at the run's step by drawing what was used already again."""
    skip, epoch = run.step, 0
    while True:
        for batch in by_length(lengths, pieces, run.random("epoch", epoch)):
            if skip > 0:
                skip -= 1
            else:
                yield batch
        epoch += 1


@torch.no_grad()
def states_of(rows: list[list[int]], lower: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> list[np.ndarray]:
    """The lower half's states of each row [n, D], f16."""
    result: list[np.ndarray] = [None] * len(rows)
    for batch in by_length([len(row) for row in rows], 4096, random.Random(0)):
        ids = pad([rows[i] for i in batch])
        states = lower(ids, (ids != 0).long()).half().numpy()
        for place, i in enumerate(batch):
            result[i] = states[place, : len(rows[i])].copy()
    return result


def gather(states: list[np.ndarray], batch: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Kept states of a batch, padded [B, N, D], and the mask [B, N]."""
    longest = max(len(states[i]) for i in batch)
    out = np.zeros((len(batch), longest, states[batch[0]].shape[1]), np.float32)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    for place, i in enumerate(batch):
        out[place, : len(states[i])] = states[i]
        mask[place, : len(states[i])] = 1
    return torch.from_numpy(out), mask
