// All heads as small pictures, each with the shares of the three terms below; one is chosen, arrow keys move.
import { sharesOf, TERMS } from "../../inspection.js";
import type { Attending } from "../../tasks/inspect.js";
import { MatrixView } from "./matrix.js";

export interface HeadPlace {
  /** Which attention, by its place among them. */
  readonly layer: number;
  readonly head: number;
}

export function HeadGrid(props: {
  attentions: readonly Attending[];
  chosen: HeadPlace;
  onChoose: (place: HeadPlace) => void;
}) {
  const { attentions, chosen } = props;
  const columns = attentions.find(({ heads }) => heads)?.heads?.length ?? 0;
  return (
    <div class="head-grid" role="radiogroup" aria-label="Head" style={{ "--columns": String(columns) }}>
      {attentions.map(({ name, title, heads }, index) => (
        <div class="layer" key={name}>
          <span class="quiet number">{name}</span>
          {heads ? (
            heads.map((head, at) => {
              const shares = sharesOf(head);
              return (
                <label key={at} class="head">
                  <input
                    type="radio"
                    name="head"
                    aria-label={`${title}, head ${at + 1}`}
                    checked={chosen.layer === index && chosen.head === at}
                    onChange={() => props.onChoose({ layer: index, head: at })}
                  />
                  <MatrixView
                    values={head.attention}
                    size={head.size}
                    kind="attention"
                    scale={Math.max(...head.attention)}
                    label={`Attention of ${title}, head ${at + 1}: ${TERMS.map((term) => `${term} ${shares[term]} %`).join(", ")}`}
                  />
                  <span class="shares">
                    {TERMS.map((term) => (
                      <span key={term} class={`swatch ${term}`} style={{ flexGrow: Math.max(0, shares[term]) }} />
                    ))}
                  </span>
                </label>
              );
            })
          ) : (
            <button type="button" class="button" onClick={() => props.onChoose({ layer: index, head: chosen.head })}>
              Compute this layer
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
