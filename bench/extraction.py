"""What bench/extraction.bench.ts measures, in PyTorch: the same shapes and random weights, layers as GLiNER's library has them.

    pip install torch transformers
    python bench/extraction.py
"""

import time

import torch
from torch import nn
from transformers import DebertaV2Model

from shapes import v3_config

WORDS, LABELS, H, WIDTHS, TOKENS = 384, 25, 512, 12, 558
config = v3_config(768, layers=6, heads=12)


def mlp(inside):
    return nn.Sequential(nn.Linear(inside, 4 * H), nn.ReLU(), nn.Linear(4 * H, H))


torch.manual_seed(1)
encoder = DebertaV2Model(config).eval()
projection = nn.Linear(768, H)
lstm = nn.LSTM(H, H // 2, bidirectional=True, batch_first=True)
start, end, out, prompt = mlp(H), mlp(H), mlp(2 * H), mlp(H)
ids = (7 * torch.arange(TOKENS))[None] % 997
first = torch.arange(WORDS)
last = (first[:, None] + torch.arange(WIDTHS)).clamp(max=WORDS - 1)


def span_scores(words, labels):
    """Every span's row through the last layers, as the library does it."""
    s, e = start(words), end(words)
    both = torch.cat([s[:, None].expand(-1, WIDTHS, -1), e[last]], -1).relu()
    return out(both) @ prompt(labels).T


def least(run, runs=4):
    run()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        result = run()
        times.append(1000 * (time.perf_counter() - begun))
    return min(times), result


print(f"torch {torch.__version__}, {torch.get_num_threads()} threads: {TOKENS} tokens, {WORDS} words, {LABELS} labels")
with torch.no_grad():
    total = 0.0
    for name, run in [
        ("encoder", lambda: encoder(ids).last_hidden_state[0]),
        ("words and labels", lambda: projection(states)),
        ("LSTM", lambda: lstm(tokens[None, 76 : 76 + WORDS])[0][0]),
        ("span scores", lambda: span_scores(words, tokens[:LABELS])),
    ]:
        ms, result = least(run)
        total += ms
        print(f"  {name}  {ms:.1f} ms")
        if name == "encoder":
            states = result
        elif name == "words and labels":
            tokens = result
        elif name == "LSTM":
            words = result
    print(f"sum  {total:.0f} ms")
