// All heads as small pictures, each with the shares of the three terms below; one is chosen, arrow keys move.
import { sharesOf, TERMS, type Head } from "../../inspection.js";
import { MatrixView } from "./matrix.js";

export interface HeadPlace {
  readonly layer: number;
  readonly head: number;
}

export function HeadGrid(props: {
  heads: readonly (readonly Head[] | undefined)[];
  chosen: HeadPlace;
  onChoose: (place: HeadPlace) => void;
}) {
  const { heads, chosen } = props;
  const columns = heads.find((layer) => layer)?.length ?? 0;
  return (
    <div class="head-grid" role="radiogroup" aria-label="Head" style={{ "--columns": String(columns) }}>
      {heads.map((layer, index) => (
        <div class="layer" key={index}>
          <span class="quiet number">{index + 1}</span>
          {layer ? (
            layer.map((head, at) => {
              const shares = sharesOf(head);
              return (
                <label key={at} class="head">
                  <input
                    type="radio"
                    name="head"
                    aria-label={`Layer ${index + 1}, head ${at + 1}`}
                    checked={chosen.layer === index && chosen.head === at}
                    onChange={() => props.onChoose({ layer: index, head: at })}
                  />
                  <MatrixView
                    values={head.attention}
                    size={head.size}
                    kind="attention"
                    scale={Math.max(...head.attention)}
                    label={`Attention of layer ${index + 1}, head ${at + 1}: ${TERMS.map((term) => `${term} ${shares[term]} %`).join(", ")}`}
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
