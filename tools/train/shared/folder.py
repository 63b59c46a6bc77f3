"""Writes a model folder for the engine: weights in 8 or 4 bits, config, pieces, settings."""

import json
import shutil
from pathlib import Path

import torch
from transformers import PretrainedConfig

from shared.quantise import save_shrunk

UNUSED = """_name_or_path transformers_version dtype torch_dtype output_hidden_states output_attentions return_dict
chunk_size_feed_forward is_encoder_decoder""".split()


def write_folder(
    folder: Path,
    weights: dict[str, torch.Tensor],
    config: PretrainedConfig | dict,
    architecture: str,
    tokenizer: Path,
    labels: list[str] | None = None,
    bits: int = 8,
    **fields,
) -> None:
    """`tokenizer`: a folder to copy `spm.model` and `tokenizer_config.json` from."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = dict(config if isinstance(config, dict) else config.to_dict())
    settings = {key: value for key, value in settings.items() if key not in UNUSED and value is not None}
    settings |= {"model_type": "deberta-v2", "architectures": [architecture], **fields}
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    for key in ("id2label", "label2id"):
        settings.pop(key, None)
    if labels:
        settings["id2label"] = {str(i): label for i, label in enumerate(labels)}
        settings["label2id"] = {label: i for i, label in enumerate(labels)}
    save_shrunk(weights, folder / "model.safetensors", bits)
    (folder / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    for name in ("spm.model", "tokenizer_config.json"):
        shutil.copy(tokenizer / name, folder / name)
        (folder / name).chmod(0o644)
