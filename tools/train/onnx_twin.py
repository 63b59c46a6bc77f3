"""The encoder of the bundled `fill` as ONNX, for the playground's comparison with onnxruntime-web: the same whole numbers and
scales as in the shipped safetensors, taken back to floats when the session is made.
python -m onnx_twin        (needs the packages onnx and onnxruntime too)
"""

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import helper, numpy_helper

from judge.folders import Bundled
from shared.paths import MODELS
from shared.quantise import eight_bits, load_any

NAME = "fill"
TARGET = MODELS.parent / "onnx" / f"{NAME}.onnx"
SMALLEST = 20_000  # numbers; what is smaller stays in floats
OPSET = 17


class LastStates(torch.nn.Module):
    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def encoder() -> torch.nn.Module:
    bundled = Bundled(NAME)
    model = transformers.DebertaV2Model(bundled.config)
    weights = load_any(bundled.folder / "model.safetensors")
    own = {key.removeprefix("deberta."): tensor for key, tensor in weights.items() if key.startswith("deberta.")}
    own.pop("embeddings.position_embeddings.weight")  # the mask decoder's
    model.load_state_dict(own)
    return LastStates(model).eval()


def shrink(graph: onnx.GraphProto) -> None:
    """Puts each large matrix of floats into 8 bits with a scale per output."""
    nodes = []
    for initializer in [each for each in graph.initializer if np.prod(each.dims) >= SMALLEST]:
        matrix = torch.from_numpy(numpy_helper.to_array(initializer).copy())
        axis = 1 if "MatMul" in initializer.name else 0  # the exporter turns [out, in] round
        packed = eight_bits("x", matrix.movedim(axis, 0).contiguous())
        whole = packed["x"].view(matrix.movedim(axis, 0).shape).movedim(0, axis).contiguous().numpy()
        names = [f"{initializer.name}_{part}" for part in ("whole", "scale", "zero")]
        scale = packed["x_scale"].flatten().numpy()
        for name, array in zip(names, (whole, scale, np.zeros(len(scale), np.int8)), strict=True):
            graph.initializer.append(numpy_helper.from_array(array, name))
        nodes.append(helper.make_node("DequantizeLinear", names, [initializer.name], axis=axis))
        graph.initializer.remove(initializer)
    for i, node in enumerate(nodes):
        graph.node.insert(i, node)


def main() -> None:
    model = encoder()
    example = torch.tensor([[1, 50, 60, 70, 80, 2]])
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    names = ["input_ids", "attention_mask", "last_hidden_state"]
    torch.onnx.export(
        model,
        (example, torch.ones_like(example)),
        TARGET,
        input_names=names[:2],
        output_names=names[2:],
        dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names},
        opset_version=OPSET,
        dynamo=False,
    )
    file = onnx.load(TARGET)
    shrink(file.graph)
    onnx.save(file, TARGET)
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # else activations are rounded to 8 bits as well
    session = onnxruntime.InferenceSession(TARGET, options)
    for length in (6, 40, 128, 300):
        ids = torch.randint(5, 8000, (1, length), generator=torch.Generator().manual_seed(length))
        with torch.no_grad():
            ours = model(ids, torch.ones_like(ids)).numpy()
        feeds = {"input_ids": ids.numpy(), "attention_mask": np.ones_like(ids.numpy())}
        print(length, "tokens: largest difference", np.abs(session.run(None, feeds)[0] - ours).max())
    print(TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
