"""A bundled folder in Transformers, from the weights that are shipped: the reference for the engine's figures."""

import random
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import transformers

from heads.fill import MaskedLm
from shared.batches import by_length, pad
from shared.paths import MODELS
from shared.quantise import load_any
from shared.tokenizer import fast_tokenizer


class Bundled:
    """Model and tokenizer of `demo/public/models/<name>`."""

    def __init__(self, name: str):
        self.folder: Path = MODELS / name
        self.tokenizer = fast_tokenizer(self.folder)
        self.config = transformers.DebertaV2Config.from_pretrained(self.folder)

    @cached_property
    def model(self) -> torch.nn.Module:
        name = self.config.architectures[0]
        # Transformers has no mask decoder: ours, whose layers are Transformers'.
        model = MaskedLm(self.config) if name == "DebertaV2ForMaskedLM" else getattr(transformers, name)(self.config)
        weights = load_any(self.folder / "model.safetensors")
        if name == "DebertaV2Model":
            weights = {key.removeprefix("deberta."): tensor for key, tensor in weights.items()}
        model.load_state_dict(weights)
        return model.float().eval()

    @property
    def labels(self) -> list[str]:
        return [self.config.id2label[i] for i in range(len(self.config.id2label))]

    @torch.no_grad()
    def logits(self, rows: list[list[int]]) -> np.ndarray:
        """Of classifiers: [rows, labels]."""
        out: list = [None] * len(rows)
        for batch in by_length([len(row) for row in rows], 4096, random.Random(0)):
            ids = pad([rows[i] for i in batch])
            found = self.model(input_ids=ids, attention_mask=(ids != 0).long()).logits.numpy()
            for place, i in enumerate(batch):
                out[i] = found[place]
        return np.array(out)

    def tags(self, ids: torch.Tensor) -> torch.Tensor:
        """Of a tagger: logits [B, N, tags]."""
        return self.model(input_ids=ids, attention_mask=(ids != 0).long()).logits

    def texts(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    def pairs(self, pairs: list[tuple[str, str]]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch(pairs)]
