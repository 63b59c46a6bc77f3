// Labels with their scores as bars: the first few open, the others behind a line to click.
import type { Classification } from "deberta-webgpu";
import { useState } from "preact/hooks";
import { Bar } from "./bar.js";
import { ChevronDown } from "./icons.js";

const OPEN_ROWS = 5;

export function ScoreTable({ labels, best = true }: { labels: readonly Classification[]; best?: boolean }) {
  const [all, showAll] = useState(false);
  const hidden = labels.length - OPEN_ROWS;
  return (
    <>
      <table class="scores" aria-label="Scores">
        <thead class="visually-hidden">
          <tr>
            <th scope="col">Label</th>
            <th scope="col">Score</th>
          </tr>
        </thead>
        <tbody>
          {(all ? labels : labels.slice(0, OPEN_ROWS)).map(({ label, score }, index) => (
            <tr key={label} data-label={label} data-score={score} class={best && index === 0 ? "best" : undefined}>
              <th scope="row" class="wrap" dir="auto">
                {label}
              </th>
              <td>
                <Bar score={score} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <button type="button" class="more" aria-expanded={all} onClick={() => showAll(!all)}>
          <ChevronDown /> {all ? `The first ${OPEN_ROWS} only` : `${hidden} more`}
        </button>
      )}
    </>
  );
}
