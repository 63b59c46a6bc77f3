"""A sequence classifier of the v3-xsmall shape with random weights, as safetensors and as ONNX, for onnxruntime.bench.ts.

    pip install torch transformers onnx
    python bench/onnxruntime.py
    npm install --no-save --ignore-scripts --prefix .cache/onnxruntime onnxruntime-web
    npm run bench -- onnxruntime --zero-workgroup-memory
"""

from pathlib import Path

import torch
from transformers import DebertaV2ForSequenceClassification

from shapes import v3_config

FOLDER = Path(__file__).parent.parent / ".cache" / "onnxruntime"
LENGTH = 128

config = v3_config(384, layers=12, heads=6, num_labels=3)
torch.manual_seed(1)
model = DebertaV2ForSequenceClassification(config).eval()
ids = (7 * torch.arange(LENGTH))[None] % 997

FOLDER.mkdir(parents=True, exist_ok=True)
model.save_pretrained(FOLDER)
with torch.no_grad():
    print("logits", model(ids).logits.tolist())
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids)),
        FOLDER / "model.onnx",
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": {1: "tokens"}, "attention_mask": {1: "tokens"}},
        opset_version=17,
        dynamo=False,
    )
