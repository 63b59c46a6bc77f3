// Progress of a model on its way: one bar for all of it, a line per file.
import { bytes } from "../format.js";
import type { LoadProgress } from "../use-model.js";

export function LoadingNote({
  name,
  arriving,
  progress,
  onCancel,
}: {
  name: string;
  /** What happens to a file that is not whole yet. */
  arriving: string;
  progress: LoadProgress;
  onCancel: () => void;
}) {
  const { files, shaders, fraction } = progress;
  return (
    <div class="loading">
      <div class="loading-head">
        <span>Getting {name} ready</span>
        <span class="number">{files.length > 0 && `${Math.floor(fraction * 100)} %`}</span>
      </div>
      <progress aria-label={`Loading ${name}`} {...(files.length > 0 ? { value: fraction } : {})} />
      <ul class="files">
        {files.map(({ file, loaded, total }) => (
          <li key={file}>
            <span class="wrap">{file}</span>
            <span class="quiet number">
              {bytes(loaded)}
              {total !== undefined && ` of ${bytes(total)}`}, {loaded === total ? "here" : arriving}
            </span>
          </li>
        ))}
        {shaders && (
          <li>
            <span class="wrap">Shaders</span>
            <span class="quiet number">
              {shaders.loaded} of {shaders.total}, compiling
            </span>
          </li>
        )}
      </ul>
      <button type="button" class="button" onClick={onCancel}>
        Cancel
      </button>
    </div>
  );
}
