"""Rewrites the teacher (a BERT) as DeBERTa-v2. Kept whole it would give the teacher's states exactly, but for positions.

Scores of v2 are divided by sqrt(3d), and with zero relative rows p2c adds the query bias' term a second time: hence query
weights times sqrt(3) and query bias times sqrt(3)/2.
"""

import json
import math

import torch
from safetensors.torch import load_file
from transformers import DebertaV2Model

from backbone import shape
from backbone.vocabulary import FOLDER
from shared.paths import teacher_folder
from shared.run import fail_if_missing

RELATIVE_GAIN = 0.05
"""Of the LayerNorm of the relative rows: nearly silent at first, but with a slope to learn from."""


def teacher_weights() -> dict[str, torch.Tensor]:
    return {name.removeprefix("bert."): t.float() for name, t in load_file(teacher_folder() / "model.safetensors").items()}


def word_rows(teacher: dict[str, torch.Tensor]) -> torch.Tensor:
    """Copied rows [8192, D], with token type 0 and the mean position added."""
    fail_if_missing(FOLDER / "rows.json")
    rows = json.loads((FOLDER / "rows.json").read_text())
    words = teacher["embeddings.word_embeddings.weight"]
    pad, unk, cls, sep, mask, comma = 0, 100, 101, 102, 103, 1010
    table = words[torch.tensor([pad, cls, sep, unk, comma, *rows])]
    missing = 8191 - len(table)
    table = torch.cat([table, words[unk].repeat(missing, 1), words[mask][None]])
    shift = teacher["embeddings.token_type_embeddings.weight"][0]
    return table + shift + teacher["embeddings.position_embeddings.weight"][:64].mean(0)


def grafted() -> DebertaV2Model:
    teacher, model = teacher_weights(), shape.model()
    state = model.state_dict()
    state["embeddings.word_embeddings.weight"] = word_rows(teacher)
    for part in ("weight", "bias"):
        state[f"embeddings.LayerNorm.{part}"] = teacher[f"embeddings.LayerNorm.{part}"]
        for to, layer in enumerate(shape.TEACHER_LAYERS):
            old, new = f"encoder.layer.{layer}.", f"encoder.layer.{to}."
            query = teacher[f"{old}attention.self.query.{part}"]
            state[f"{new}attention.self.query_proj.{part}"] = query * math.sqrt(3) / (2 if part == "bias" else 1)
            state[f"{new}attention.self.key_proj.{part}"] = teacher[f"{old}attention.self.key.{part}"]
            state[f"{new}attention.self.value_proj.{part}"] = teacher[f"{old}attention.self.value.{part}"]
            same = "attention.output.dense attention.output.LayerNorm intermediate.dense output.dense output.LayerNorm"
            for name in same.split():
                state[f"{new}{name}.{part}"] = teacher[f"{old}{name}.{part}"]
        # The conv layer ends in a LayerNorm of its own: it takes layer 0's gain and shift.
        state[f"encoder.conv.LayerNorm.{part}"] = state[f"encoder.layer.0.output.LayerNorm.{part}"]
        state[f"encoder.conv.conv.{part}"] = torch.zeros_like(state[f"encoder.conv.conv.{part}"])
    state["encoder.layer.0.output.LayerNorm.weight"] = torch.ones(384)
    state["encoder.layer.0.output.LayerNorm.bias"] = torch.zeros(384)
    state["encoder.LayerNorm.weight"] = torch.full((384,), RELATIVE_GAIN)
    state["encoder.LayerNorm.bias"] = torch.zeros(384)
    model.load_state_dict(state)
    return model
