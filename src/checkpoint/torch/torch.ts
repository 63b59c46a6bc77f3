// pytorch_model.bin: the tensors of a file that torch.save wrote, in either of its containers. Only what tells where they lie is
// read, and no code in it is run.
import type { NamedSource } from "../byte-source.js";
import { Pages } from "../pages.js";
import type { TensorEntry } from "../tensor-entry.js";
import { readLegacyContainer } from "./legacy-container.js";
import { readZipContainer } from "./zip-container.js";

/**
 * Reads which tensors a file of torch holds, in the order of its pickle.
 * @throws CheckpointError that names the file, and the tensor where one is meant; UnsupportedError for what torch can write
 *   and this reader does not know
 */
export async function readTorch(file: NamedSource, signal?: AbortSignal): Promise<TensorEntry[]> {
  const pages = new Pages(file, signal);
  const first = file.size > 0 ? await pages.read(0, 1) : undefined;
  return first?.[0] === 0x50 ? readZipContainer(pages) : readLegacyContainer(pages);
}
