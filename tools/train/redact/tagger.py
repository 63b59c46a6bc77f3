"""The tagger: pieces of a text to tags, tags to spans, and the loss for sets that mark only some kinds."""

import random
from collections.abc import Callable

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import DebertaV2Config, DebertaV2Model

from redact.kinds import KINDS, TAGS, Marked
from shared.batches import by_length, pad

LONGEST = 256
SKIPPED = -1
"""Target of a piece without loss."""


class Tagger(nn.Module):
    """Names as in DebertaV2ForTokenClassification."""

    def __init__(self, config: DebertaV2Config):
        super().__init__()
        self.deberta = DebertaV2Model(config)
        self.classifier = nn.Linear(config.hidden_size, len(TAGS))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits [B, N, tags]."""
        return self.classifier(self.deberta(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state)


class Row:
    """A text as pieces with the tags wanted."""

    def __init__(self, marked: Marked, tokenizer: Tokenizer):
        encoding = tokenizer.encode(marked.text)
        self.ids = encoding.ids[:LONGEST]
        self.tags = [SKIPPED, *(0 for _ in self.ids[2:]), SKIPPED]
        self.marks = marked.marks
        begun: set[int] = set()
        for at, (start, end) in list(enumerate(encoding.offsets))[1 : len(self.ids) - 1]:
            # A lone space inside a span belongs to it, before it not.
            head = next((c for c in range(start, end) if not marked.text[c].isspace()), start)
            if any(first <= head < last for first, last in marked.skip):
                self.tags[at] = SKIPPED
            for number, (first, last, kind) in enumerate(marked.spans):
                if first <= head < last:
                    self.tags[at] = 1 + 2 * KINDS.index(kind) + (number in begun)
                    begun.add(number)


def allowed_tags(marks: frozenset[str]) -> torch.Tensor:
    """Which tags an unmarked piece may have [tags]."""
    allowed = torch.zeros(len(TAGS), dtype=torch.bool)
    allowed[0] = True
    for i, kind in enumerate(KINDS):
        if kind not in marks:
            allowed[1 + 2 * i : 3 + 2 * i] = True
    return allowed


def loss_of(logits: torch.Tensor, rows: list[Row]) -> torch.Tensor:
    """Mean over pieces of -log of the summed probability of the tags allowed there."""
    longest = logits.shape[1]
    target = torch.tensor([row.tags + [SKIPPED] * (longest - len(row.tags)) for row in rows])
    allowed = nn.functional.one_hot(target.clamp(min=0), len(TAGS)).bool()
    for i, row in enumerate(rows):
        if len(row.marks) < len(KINDS):
            allowed[i, target[i] == 0] = allowed_tags(row.marks)
    scores = logits.masked_fill(~allowed, -1e9).logsumexp(-1) - logits.logsumexp(-1)
    return -scores[target >= 0].mean()


@torch.no_grad()
def spans_of(model: Callable[[torch.Tensor], torch.Tensor], tokenizer: Tokenizer, texts: list[str]) -> list[list[tuple[int, int, str]]]:
    """Runs of one kind, as aggregation "simple" joins them, without spaces at their ends."""
    encodings = tokenizer.encode_batch(texts)
    result: list[list[tuple[int, int, str]]] = [[] for _ in texts]
    for batch in by_length([len(e.ids) for e in encodings], 4096, random.Random(0)):
        tags = model(pad([encodings[i].ids for i in batch])).argmax(-1).numpy()
        for place, i in enumerate(batch):
            result[i] = join(tags[place], encodings[i].offsets, texts[i])
    return result


def join(tags: np.ndarray, offsets: list[tuple[int, int]], text: str) -> list[tuple[int, int, str]]:
    spans: list[list] = []
    before = None
    for at in range(1, len(offsets) - 1):
        tag = int(tags[at])
        kind = None if tag == 0 else KINDS[(tag - 1) // 2]
        if kind and kind == before and tag % 2 == 0:
            spans[-1][1] = offsets[at][1]
        elif kind:
            spans.append([*offsets[at], kind])
        before = kind
    trimmed = []
    for start, end, kind in spans:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            trimmed.append((start, end, kind))
    return trimmed
