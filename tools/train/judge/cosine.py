"""Zero-shot by cosine: which name of an intent lies nearest to a text, all names of one list being candidates."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import BertModel, DebertaV2Model

from backbone.vocabulary import teacher_tokenizer
from shared.batches import by_length, pad
from shared.paths import teacher_folder
from shared.tokenizer import fast_tokenizer
from text.holdout import names, unseen_banking, unseen_clinc
from text.requests import banking_train, clinc

Vectors = Callable[[list[str]], np.ndarray]
PER_INTENT = 30


def questions(part: str, per_intent: int = PER_INTENT, seed: int = 5) -> tuple[list[str], list[int], list[str]]:
    """(texts, index of the right name, names). `unseen clinc`, `unseen banking`; `dev clinc`, `dev banking`: the others."""
    which, source = part.split()
    unseen = unseen_clinc() if source == "clinc" else unseen_banking()
    rows = clinc("test" if which == "unseen" else "train") if source == "clinc" else banking_train()
    labels = unseen if which == "unseen" else sorted({label for _, label in rows} - set(unseen))
    chosen = [row for row in rows if row[1] in labels]
    random.Random(seed).shuffle(chosen)
    left = {label: per_intent if which == "unseen" else 5 for label in labels}
    texts, truth = [], []
    for text, label in chosen:
        if left[label]:
            left[label] -= 1
            texts.append(text)
            truth.append(labels.index(label))
    return texts, truth, [names(label) for label in labels]


def encode(model, tokenizer, texts: list[str]) -> np.ndarray:
    """Means of the last states over all pieces, of length 1 [texts, D]."""
    rows = [tokenizer.encode(text).ids for text in texts]
    out = np.zeros((len(rows), model.config.hidden_size), np.float32)
    with torch.no_grad():
        for batch in by_length([len(row) for row in rows], 4096, random.Random(0)):
            ids = pad([rows[i] for i in batch])
            mask = (ids != 0).long()
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
            means = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            out[batch] = torch.nn.functional.normalize(means, dim=-1).numpy()
    return out


def teacher_vectors() -> Vectors:
    model = BertModel.from_pretrained(teacher_folder(), add_pooling_layer=False).eval()
    return lambda texts: encode(model, teacher_tokenizer(), texts)


def student_vectors(model: DebertaV2Model, folder: Path) -> Vectors:
    return lambda texts: encode(model.eval(), fast_tokenizer(folder), texts)


def accuracy(vectors: Vectors, part: str) -> float:
    texts, truth, candidates = questions(part)
    return float((np.argmax(vectors(texts) @ vectors(candidates).T, 1) == np.array(truth)).mean())
