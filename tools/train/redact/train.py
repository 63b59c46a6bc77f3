"""Trains the tagger of personal data from a small cased backbone.
python -m redact.train
"""

import argparse
import os
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import DebertaV2Config

from redact.kinds import TAGS
from redact.score import score
from redact.sources import tests, training
from redact.tagger import Row, Tagger, loss_of, spans_of
from shared.batches import epochs, pad
from shared.optim import adamw, update
from shared.paths import RUNS
from shared.run import Run
from shared.tokenizer import fast_tokenizer

START = Path(os.environ.get("TRAIN_CASED", RUNS / "scratch"))
"""A folder with a masked-language model of our own pieces."""
PIECES = 2048
MASKED = 0.05
"""Share of the input pieces that are hidden."""


def start() -> Tagger:
    model = Tagger(DebertaV2Config.from_pretrained(START))
    model.classifier.weight.data.normal_(std=0.02)
    model.classifier.bias.data.zero_()
    weights = {name: tensor.float() for name, tensor in load_file(START / "model.safetensors").items()}
    missing, _ = model.load_state_dict(weights, strict=False)
    assert all(name.startswith("classifier") for name in missing), missing
    return model


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=800)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("redact", options.seed, options.steps)
    tokenizer = fast_tokenizer(START)
    mask_id = tokenizer.token_to_id("[MASK]")
    model = start()
    optimizer = adamw([(8e-4, list(model.deberta.parameters())), (2e-3, list(model.classifier.parameters()))])
    rows = [Row(marked, tokenizer) for marked in training(run.random("rows", 0))]
    run.say(f"{len(rows)} texts, {sum(len(row.ids) for row in rows)} pieces, {len(TAGS)} tags")
    run.resume(model, optimizer)
    model.train()
    for batch in epochs([len(row.ids) for row in rows], PIECES, run):
        if run.step >= run.steps:
            break
        chosen = [rows[i] for i in batch]
        ids = pad([row.ids for row in chosen])
        hidden = torch.rand(ids.shape) < MASKED
        loss = loss_of(model(ids.masked_fill(hidden & (ids > 3), mask_id)), chosen)
        loss.backward()
        update(optimizer, run.part)
        run.tick({"loss": loss.item()}, model, optimizer)
    model.eval()
    for name, marked in tests("dev").items():
        figures = score(marked, spans_of(model, tokenizer, [row.text for row in marked]))
        run.say(f"dev {name}: " + "  ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    torch.save(model.state_dict(), RUNS / "redact" / "weights.pt")


if __name__ == "__main__":
    main()
