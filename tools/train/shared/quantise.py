"""Weights in 8 or 4 bits as `deberta-webgpu shrink` writes them; the names are those of compressed-tensors.

8 bits: `x` I8 [rows, …] and `x_scale` F32 [rows, 1]. 4 bits: `x_packed` I32 [rows, columns / 8], eight to a word, lowest first,
each plus 8; `x_scale` F16 [rows, columns / 32]; `x_shape`. Vectors and small tables stay as they are or in half precision.
"""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WORD_TABLE = re.compile(r"word_embeddings\.weight$")
KEPT = re.compile(r"embeddings|LayerNorm")
BLOCK = 32


def save_shrunk(weights: dict[str, torch.Tensor], path: Path, bits: int = 8) -> None:
    """`bits`: of the matrices; the word table, the conv layer and what blocks of 32 do not divide have 8."""
    out: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        tensor = tensor.detach().float()
        if tensor.dim() == 1:
            out[name] = tensor.contiguous()
        elif KEPT.search(name) and not WORD_TABLE.search(name):
            out[name] = tensor.half().contiguous()
        elif bits == 4 and tensor.dim() == 2 and tensor.shape[1] % BLOCK == 0 and not WORD_TABLE.search(name):
            out |= four_bits(name, tensor)
        else:
            out |= eight_bits(name, tensor)
    save_file(out, path, metadata={"format": "pt"})
    path.chmod(0o644)


def eight_bits(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    rows = tensor.flatten(1)
    scale = rows.abs().amax(1, keepdim=True) / 127
    whole = (rows * inverse(scale)).round().clamp(-127, 127).to(torch.int8)
    return {name: whole.view(tensor.shape).contiguous(), f"{name}_scale": scale.contiguous()}


def four_bits(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """The value of largest magnitude of a block becomes -8, so that the range is used whole."""
    blocks = tensor.view(len(tensor), -1, BLOCK)
    extreme = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))
    scale = (extreme / -8).half()
    whole = ((blocks * inverse(scale.float())).round() + 8).clamp(0, 15).to(torch.int64).view(len(tensor), -1, 8)
    words = (whole << torch.arange(0, 32, 4)).sum(-1)
    words = torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)
    shape = torch.tensor(tensor.shape)
    return {f"{name}_packed": words.contiguous(), f"{name}_scale": scale[..., 0].contiguous(), f"{name}_shape": shape}


def inverse(scale: torch.Tensor) -> torch.Tensor:
    return torch.where(scale != 0, 1 / scale, 0)


def load_any(path: Path) -> dict[str, torch.Tensor]:
    """Weights as floats, from plain and from shrunk files."""
    raw = load_file(path)
    out = {}
    for name, tensor in raw.items():
        if name.endswith("_packed"):
            base = name.removesuffix("_packed")
            halves = (tensor[..., None].long() >> torch.arange(0, 32, 4)) & 15
            blocks = (halves.flatten(1) - 8).float().view(len(tensor), -1, BLOCK)
            out[base] = (blocks * raw[f"{base}_scale"].float()[..., None]).flatten(1)
        elif tensor.dtype == torch.int8:
            out[name] = (tensor.float().flatten(1) * raw[f"{name}_scale"].float()).view(tensor.shape)
        elif not name.endswith(("_scale", "_shape")):
            out[name] = tensor.float()
    return out
