// Labels that a visitor names.
import { useState } from "preact/hooks";
import { Cross, Plus } from "./icons.js";

/** The labels as chips, each with a button that removes it, and a line for a new one; a comma parts them in links. */
export function Labels({
  labels,
  onChange,
}: {
  labels: readonly string[];
  onChange: (labels: readonly string[]) => void;
}) {
  const [fresh, setFresh] = useState("");
  const add = (event: Event): void => {
    event.preventDefault();
    const label = fresh.replaceAll(",", " ").trim();
    if (label !== "" && !labels.includes(label)) onChange([...labels, label]);
    setFresh("");
  };
  return (
    <form class="labels" onSubmit={add}>
      <h3 id="labels-title">Labels</h3>
      <ul class="chips" aria-labelledby="labels-title">
        {labels.map((label) => (
          <li class="chip" key={label}>
            {label}
            <button
              type="button"
              aria-label={`Remove ${label}`}
              onClick={() => onChange(labels.filter((other) => other !== label))}
            >
              <Cross />
            </button>
          </li>
        ))}
      </ul>
      <p class="row">
        <input
          aria-label="New label"
          placeholder="New label"
          value={fresh}
          onInput={(event) => setFresh(event.currentTarget.value)}
        />
        <button class="button">
          <Plus /> Add
        </button>
      </p>
    </form>
  );
}
