"""AdamW with two rates and one schedule: linear warm-up over 6 % of the steps, then linear decay to 0."""

import torch

WARM_UP = 0.06


def adamw(groups: list[tuple[float, list[torch.nn.Parameter]]], weight_decay: float = 0.01) -> torch.optim.AdamW:
    """`groups`: pairs of rate and parameters."""
    parts = [{"params": params, "lr": rate, "top": rate} for rate, params in groups if params]
    return torch.optim.AdamW(parts, betas=(0.9, 0.98), weight_decay=weight_decay, fused=True)


def set_rates(optimizer: torch.optim.Optimizer, part: float) -> None:
    """`part`: share of the run that is done."""
    factor = part / WARM_UP if part < WARM_UP else (1 - part) / (1 - WARM_UP)
    for group in optimizer.param_groups:
        group["lr"] = group["top"] * max(factor, 0.01)


def update(optimizer: torch.optim.Optimizer, part: float, clip: float = 1.0) -> None:
    """One step at the scheduled rate, gradients clipped together."""
    set_rates(optimizer, part)
    torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
