"""Fill-mask with the enhanced mask decoder (arXiv 2006.03654, 3.2): the last layer runs twice over the states before it, its
queries starting from those states plus absolute positions. Goes on from a masked-language model of our own pieces.
python -m heads.fill
"""

import argparse
import os
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from transformers import DebertaV2Config, DebertaV2Model

from heads.layers import run_layers
from shared.optim import adamw, update
from shared.paths import RUNS
from shared.run import Run
from shared.tokenizer import fast_tokenizer
from text.corpus import passages

START = Path(os.environ.get("TRAIN_CASED", RUNS / "scratch"))
LENGTH, ROWS = 64, 40
HIDDEN = 0.2
"""Share of words that are hidden in training."""
PASSES = 2


class MaskedLm(nn.Module):
    """Names as in the authors' checkpoints: `lm_predictions.lm_head`, and positions beside the word table."""

    def __init__(self, config: DebertaV2Config):
        super().__init__()
        size = config.hidden_size
        self.deberta = DebertaV2Model(config)
        self.deberta.embeddings.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        nn.init.zeros_(self.deberta.embeddings.position_embeddings.weight)
        head = {"dense": nn.Linear(size, size), "LayerNorm": nn.LayerNorm(size, config.layer_norm_eps)}
        self.lm_predictions = nn.ModuleDict({"lm_head": nn.ModuleDict(head)})
        self.lm_predictions["lm_head"].register_parameter("bias", nn.Parameter(torch.zeros(config.vocab_size)))

    def forward(self, ids: torch.Tensor, at: torch.Tensor, decoder: bool = True) -> torch.Tensor:
        """Logits [chosen, V] of the pieces where `at` [B, N] is true."""
        mask = (ids != 0).long()
        encoder = self.deberta.encoder
        embedded = self.deberta.embeddings.LayerNorm(self.deberta.embeddings.word_embeddings(ids)) * mask[..., None]
        last = len(encoder.layer) - 1
        before = run_layers(self.deberta, embedded, mask, range(last))
        states = before
        if decoder:
            states = states + self.deberta.embeddings.position_embeddings.weight[: ids.shape[1]]
        grid, relative, rows = encoder.get_attention_mask(mask), encoder.get_rel_pos(before), encoder.get_rel_embedding()
        for _ in range(PASSES if decoder else 1):
            states = encoder.layer[last](before, grid, query_states=states, relative_pos=relative, rel_embeddings=rows)
            states = states[0] if isinstance(states, tuple) else states
        head = self.lm_predictions["lm_head"]
        chosen = head["LayerNorm"](F.gelu(head["dense"](states[at])))
        return chosen @ self.deberta.embeddings.word_embeddings.weight.T + head.bias


def start() -> MaskedLm:
    config = DebertaV2Config.from_pretrained(START)
    model = MaskedLm(config)
    weights = {name: tensor.float() for name, tensor in load_file(START / "model.safetensors").items()}
    old, new = "cls.predictions.transform.", "lm_predictions.lm_head."
    weights = {name.replace(old, new).replace("cls.predictions.", new): tensor for name, tensor in weights.items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert missing == ["deberta.embeddings.position_embeddings.weight"] and not unexpected, (missing, unexpected)
    return model


def stream(texts: list[str], tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """Pieces [rows, LENGTH] cut from the texts one after another, and the number of each piece's word."""
    ids, words, word = [], [], 0
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
        for at, (piece, token) in enumerate(zip(encoding.ids, encoding.tokens)):
            word += token.startswith("▁") or at == 0
            ids.append(piece)
            words.append(word)
        ids.append(2)
        words.append(-1)
    inner = LENGTH - 2
    rows = len(ids) // inner
    cut = lambda values: np.array(values[: rows * inner]).reshape(rows, inner)  # noqa: E731
    border = lambda values, value: np.full((len(values), 1), value)  # noqa: E731
    ids, words = cut(ids), cut(words)
    return np.hstack([border(ids, 1), ids, border(ids, 2)]), np.hstack([border(ids, -1), words, border(ids, -1)])


def hide(words: np.ndarray, share: float, dice: np.random.Generator) -> np.ndarray:
    """Whole words to hide [rows, N]."""
    top = int(words.max()) + 1
    return (dice.random(top + 1) < share)[words] & (words >= 0)


def corrupt(ids: np.ndarray, hidden: np.ndarray, mask_id: int, dice: np.random.Generator) -> np.ndarray:
    """Of the hidden pieces 80 % become [MASK], 10 % any piece, 10 % stay."""
    draw = dice.random(ids.shape)
    out = np.where(hidden & (draw < 0.8), mask_id, ids)
    return np.where(hidden & (draw >= 0.8) & (draw < 0.9), dice.integers(4, mask_id, ids.shape), out)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=260)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("fill", options.seed, options.steps)
    tokenizer = fast_tokenizer(START)
    mask_id = tokenizer.token_to_id("[MASK]")
    model = start()
    positions = model.deberta.embeddings.position_embeddings.weight
    others = [p for p in model.parameters() if p is not positions]
    optimizer = adamw([(4e-4, others), (2e-3, [positions])])
    run.resume(model, optimizer)
    ids, words = stream(passages(400, seed=20 + options.seed)[:24_000], tokenizer)
    order = np.random.default_rng(options.seed).permutation(len(ids))
    run.say(f"{ids.size} pieces")
    model.train()
    while run.step < run.steps:
        dice = np.random.default_rng((options.seed, run.step))
        rows = np.take(order, range(run.step * ROWS, (run.step + 1) * ROWS), mode="wrap")
        hidden = hide(words[rows], HIDDEN, dice)
        given = torch.from_numpy(corrupt(ids[rows], hidden, mask_id, dice))
        at = torch.from_numpy(hidden)
        logits = model(given, at)
        target = torch.from_numpy(ids[rows])[at]
        loss = F.cross_entropy(logits, target)
        loss.backward()
        update(optimizer, run.part)
        run.tick({"loss": loss.item(), "right": (logits.argmax(-1) == target).float().mean().item()}, model, optimizer)
    torch.save(model.state_dict(), RUNS / "fill" / "weights.pt")


if __name__ == "__main__":
    main()
