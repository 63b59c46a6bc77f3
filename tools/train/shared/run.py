"""One training run: seeded, on one thread, resumable, with a log line and a snapshot every few CPU seconds."""

import os
import random
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
import torch

from shared.paths import RUNS

SNAPSHOT_EVERY = 120.0
"""CPU seconds between snapshots."""
LOG_EVERY = 15.0


class Run:
    """Counts steps and CPU seconds. `modules` and `optimizer` are what a snapshot holds."""

    def __init__(self, name: str, seed: int, steps: int):
        torch.set_num_threads(1)
        seed_all(seed)
        self.name, self.seed, self.steps = name, seed, steps
        self.folder = RUNS / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.step, self.cpu_before, self.started = 0, 0.0, time.process_time()
        self.logged = self.saved = 0.0
        self.sums: dict[str, list[float]] = {}

    @property
    def cpu(self) -> float:
        """CPU seconds of this run, those before a resume included."""
        return self.cpu_before + time.process_time() - self.started

    @property
    def part(self) -> float:
        return self.step / self.steps

    def resume(self, modules: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Takes up the last snapshot, if there is one of the same length."""
        path = self.folder / "snapshot.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=False)
        if state["steps"] != self.steps or state["seed"] != self.seed:
            raise SystemExit(f"{path} is of another run ({state['steps']} steps, seed {state['seed']}): remove it first")
        modules.load_state_dict(state["modules"])
        optimizer.load_state_dict(state["optimizer"])
        self.step, self.cpu_before = state["step"], state["cpu"]
        self.say(f"resumed at step {self.step}")

    def save(self, modules: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        state = {"modules": modules.state_dict(), "optimizer": optimizer.state_dict(), "step": self.step}
        state |= {"steps": self.steps, "seed": self.seed, "cpu": self.cpu}
        torch.save(state, self.folder / "snapshot.new")
        os.replace(self.folder / "snapshot.new", self.folder / "snapshot.pt")
        self.saved = self.cpu

    def tick(self, losses: dict[str, float], modules: torch.nn.Module, optimizer: torch.optim.Optimizer) -> bool:
        """Call after each step: logs the mean losses and saves now and then. True when a snapshot was written."""
        self.step += 1
        for key, value in losses.items():
            self.sums.setdefault(key, []).append(float(value))
        if self.cpu - self.logged > LOG_EVERY or self.step == self.steps:
            means = "  ".join(f"{key} {np.mean(values):.3f}" for key, values in self.sums.items())
            self.say(f"step {self.step}/{self.steps}  {means}")
            self.sums, self.logged = {}, self.cpu
        if self.cpu - self.saved > SNAPSHOT_EVERY or self.step == self.steps:
            self.save(modules, optimizer)
            return True
        return False

    def say(self, text: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {self.name} {self.cpu:7.1f} cpu-s  {text}"
        print(line, flush=True)
        with open(self.folder / "log.txt", "a") as log:
            print(line, file=log)

    def random(self, what: str, step: int | None = None) -> random.Random:
        """A generator that depends on seed, purpose and step alone, so that a resumed run draws the same."""
        return random.Random(f"{self.seed}/{what}/{self.step if step is None else step}")


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def fail_if_missing(path) -> None:
    if not path.exists():
        sys.exit(f"{path} is missing: run the step before this one first (README.md)")
