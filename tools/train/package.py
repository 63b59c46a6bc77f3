"""Writes the folders of demo/public/models from what was trained. Three have matrices of 4 bits, so that all together weigh less
than 60 MB: those that lose least by it.
python package.py [name ...]
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import DebertaV2Config

from backbone import shape
from backbone.vocabulary import FOLDER as OWN_PIECES
from heads import intent, zero_shot
from heads.start import OWN, START
from redact.kinds import TAGS
from redact.train import START as CASED
from shared.folder import write_folder
from shared.paths import DATA, MODELS, RUNS
from text.emotions import MOODS

WIDE = START or OWN_PIECES
"""Pieces of the folders with the grafted backbone."""
GLINER = DATA.parent / "golden" / "extraction" / "gliner-trained"
CLASSIFIER = "DebertaV2ForSequenceClassification"


def trained(run: str) -> dict[str, torch.Tensor]:
    return torch.load(RUNS / run / "weights.pt")


def wide(run: str, labels: list[str] | None, pieces: Path = WIDE, bits: int = 8, architecture: str = CLASSIFIER) -> Callable[[Path], None]:
    return lambda folder: write_folder(folder, trained(run), shape.config(), architecture, pieces, labels, bits)


def cased(run: str, architecture: str, labels: list[str] | None = None, **fields) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        write_folder(folder, trained(run), DebertaV2Config.from_pretrained(CASED), architecture, CASED, labels, **fields)

    return write


def vectors(folder: Path) -> None:
    weights = {f"deberta.{name}": tensor for name, tensor in torch.load(OWN).items()}
    write_folder(folder, weights, shape.config(), "DebertaV2Model", OWN_PIECES, bits=4)


def extract(folder: Path) -> None:
    """A GLiNER made for the engine's tests (golden_extraction.py of the shared data); its card is written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in "gliner_config.json model.safetensors spm.model tokenizer_config.json added_tokens.json special_tokens_map.json".split():
        shutil.copyfile(GLINER / name, folder / name)


FOLDERS: dict[str, Callable[[Path], None]] = {
    "tiny-intent": wide("intent", intent.labels()),
    "tiny-mood": wide("mood", MOODS, bits=4),
    "zero-shot": wide("zero-shot", zero_shot.LABELS, OWN_PIECES),
    "vectors": vectors,
    "redact": cased("redact", "DebertaV2ForTokenClassification", TAGS),
    "answers": cased("answers", "DebertaV2ForQuestionAnswering"),
    "reply": wide("reply", None, bits=4, architecture="DebertaV2ForMultipleChoice"),
    "extract": extract,
    "fill": cased("fill", "DebertaV2ForMaskedLM", legacy=False),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FOLDERS:
        FOLDERS[name](MODELS / name)
        size = sum(file.stat().st_size for file in (MODELS / name).iterdir())
        print(f"{name}: {size / 1e6:.1f} MB")
