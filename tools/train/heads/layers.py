"""The backbone in two halves. Heads leave the lower half as it is, so that its states can be computed once and kept, and
train the upper half; where a head reads only [CLS], the last layer runs for that row alone, as in the engine."""

import math

import torch
from torch import nn
from transformers import DebertaV2Model
from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

LOWER = 2
"""Layers of the lower half; the conv layer belongs to the first."""


def lower_states(model: DebertaV2Model, ids: torch.Tensor, mask: torch.Tensor, layers: int = LOWER) -> torch.Tensor:
    """States after the lower half [B, N, D]."""
    embedded = model.embeddings(input_ids=ids, mask=mask)
    return run_layers(model, embedded, mask, range(layers))


def run_layers(model: DebertaV2Model, states: torch.Tensor, mask: torch.Tensor, layers: range) -> torch.Tensor:
    encoder = model.encoder
    grid = encoder.get_attention_mask(mask)
    relative, rows = encoder.get_rel_pos(states), encoder.get_rel_embedding()
    for i in layers:
        before = states
        states = encoder.layer[i](states, grid, relative_pos=relative, rel_embeddings=rows)
        states = states[0] if isinstance(states, tuple) else states
        if i == 0 and encoder.conv is not None:
            states = encoder.conv(before, states, mask)
    return states


def first_row(model: DebertaV2Model, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The last layer's output for [CLS] alone [B, D], from the states before it."""
    layer, config = model.encoder.layer[-1], model.config
    attention, heads = layer.attention.self, config.num_attention_heads
    batch, length, size = states.shape
    rows = model.encoder.get_rel_embedding()
    one = torch.zeros(1, length, 1)
    away = build_relative_position(one, one, config.position_buckets, config.max_position_embeddings)[0, 0]
    slots = (away + config.position_buckets).clamp(0, 2 * config.position_buckets - 1)

    def split(x: torch.Tensor) -> torch.Tensor:
        return x.view(*x.shape[:-1], heads, size // heads)

    query = split(attention.query_proj(states[:, 0]))
    key, value = split(attention.key_proj(states)), split(attention.value_proj(states))
    key_at, query_at = split(attention.key_proj(rows))[slots], split(attention.query_proj(rows))[slots]
    scores = torch.einsum("bhd,bnhd->bhn", query, key + key_at) + torch.einsum("bnhd,nhd->bhn", key, query_at)
    scores = scores / math.sqrt(3 * size // heads)
    weights = scores.masked_fill(mask[:, None] == 0, torch.finfo(scores.dtype).min).softmax(-1)
    weights = attention.dropout(weights)
    context = torch.einsum("bhn,bnhd->bhd", weights, value).reshape(batch, size)
    attended = layer.attention.output(context, states[:, 0])
    return layer.output(layer.intermediate(attended), attended)


class Classifier(nn.Module):
    """Pooler and classifier on [CLS]; names as in DebertaV2ForSequenceClassification and …ForMultipleChoice."""

    def __init__(self, backbone: DebertaV2Model, labels: int, lower: int = LOWER):
        super().__init__()
        self.lower = lower
        size = backbone.config.hidden_size
        self.deberta = backbone
        self.pooler = nn.ModuleDict({"dense": nn.Linear(size, size)})
        self.classifier = nn.Linear(size, labels)
        self.dropout = nn.Dropout(0.1)
        with torch.no_grad():
            self.pooler["dense"].weight.copy_(torch.eye(size))
            self.pooler["dense"].bias.zero_()
            self.classifier.weight.normal_(std=0.02)
            self.classifier.bias.zero_()

    def features(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the classifier reads [B, D], from the lower half's states."""
        layers = range(self.lower, self.deberta.config.num_hidden_layers - 1)
        first = first_row(self.deberta, run_layers(self.deberta, states, mask, layers), mask)
        return nn.functional.gelu(self.pooler["dense"](first))

    def upper(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits [B, labels] from the lower half's states."""
        return self.classifier(self.dropout(self.features(states, mask)))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            states = lower_states(self.deberta, ids, mask, self.lower)
        return self.upper(states, mask)

    def trained(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Parameters of the upper half, and of the head."""
        upper = [p for layer in self.deberta.encoder.layer[self.lower :] for p in layer.parameters()]
        return upper, [*self.pooler.parameters(), *self.classifier.parameters()]


def set_dropout(module: nn.Module, rate: float) -> None:
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = rate
