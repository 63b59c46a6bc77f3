"""What heads start from: the distilled backbone, or the folder that TRAIN_START names; and text as its pieces."""

import os
from functools import cached_property
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import DebertaV2Config, DebertaV2Model

from backbone import shape
from backbone.vocabulary import FOLDER as OWN_PIECES
from shared.paths import RUNS
from shared.quantise import load_any
from shared.run import fail_if_missing
from shared.tokenizer import fast_tokenizer

OWN = RUNS / "distil" / "backbone.pt"
START = Path(os.environ["TRAIN_START"]) if "TRAIN_START" in os.environ else None
PIECES = START or OWN_PIECES
"""The folder of `spm.model`."""
LONGEST = 160
"""Pieces of a training text."""


def backbone() -> DebertaV2Model:
    if START is None:
        fail_if_missing(OWN)
        model = shape.model()
        model.load_state_dict(torch.load(OWN))
    else:
        model = DebertaV2Model(DebertaV2Config.from_pretrained(START)).float()
        weights = load_any(START / "model.safetensors")
        prefix = "deberta."
        model.load_state_dict({k.removeprefix(prefix): t for k, t in weights.items() if k.startswith(prefix)})
    return model


class Pieces:
    """Texts and pairs as ids with [CLS] and [SEP]."""

    def __init__(self, folder: Path = PIECES):
        self.folder = folder

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return fast_tokenizer(self.folder)

    def texts(self, texts: list[str], longest: int = LONGEST) -> list[list[int]]:
        return [cut(encoding.ids, longest) for encoding in self.tokenizer.encode_batch(texts)]

    def pairs(self, pairs: list[tuple[str, str]]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch(pairs)]


def cut(ids: list[int], longest: int) -> list[int]:
    return ids if len(ids) <= longest else [*ids[: longest - 1], ids[-1]]
