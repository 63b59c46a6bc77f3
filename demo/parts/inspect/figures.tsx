// The inspector's smaller figures: why a token looks where it does, both relative terms by distance, change per layer.
import { percent } from "../../format.js";
import { median, TERMS, type CurvePoint, type Reason, type Term } from "../../inspection.js";

export const TERM_WORDS: Record<Term, string> = {
  c2c: "content → content",
  c2p: "content → position",
  p2c: "position → content",
};

export const Legend = ({ terms = TERMS }: { terms?: readonly Term[] }) => (
  <ul class="legend">
    {terms.map((term) => (
      <li key={term}>
        <span class={`swatch ${term}`} /> {TERM_WORDS[term]}
      </li>
    ))}
  </ul>
);

/** Diverging bars stacked by term: to the right what raises the score above the row's mean, to the left what lowers it. */
export function Why({ reasons, tokens }: { reasons: readonly Reason[]; tokens: readonly string[] }) {
  const sides = reasons.map(({ terms }) => ({
    up: TERMS.reduce((sum, term) => sum + Math.max(0, terms[term]), 0),
    down: TERMS.reduce((sum, term) => sum + Math.max(0, -terms[term]), 0),
  }));
  const most = { up: Math.max(...sides.map(({ up }) => up)), down: Math.max(...sides.map(({ down }) => down)) };
  const whole = most.up + most.down || 1;
  return (
    <table class="why" aria-label="Reasons">
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Token</th>
          <th scope="col">Terms above the row’s mean</th>
          <th scope="col">Attention</th>
        </tr>
      </thead>
      <tbody>
        {reasons.map(({ token, attention, terms }, index) => (
          <tr key={token}>
            <th scope="row">{tokens[token]}</th>
            <td>
              <span
                class="stack"
                title={TERMS.map((term) => `${TERM_WORDS[term]} ${terms[term].toFixed(2)}`).join(", ")}
              >
                <span style={{ width: `${(100 * (most.down - sides[index]!.down)) / whole}%` }} />
                {TERMS.filter((term) => terms[term] < 0).map((term) => (
                  <span class={`swatch ${term}`} style={{ width: `${(100 * -terms[term]) / whole}%` }} />
                ))}
                <span class="axis" />
                {TERMS.filter((term) => terms[term] > 0).map((term) => (
                  <span class={`swatch ${term}`} style={{ width: `${(100 * terms[term]) / whole}%` }} />
                ))}
              </span>
            </td>
            <td class="number">{percent(attention)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const CURVE = { width: 300, height: 150, reach: 24 };

export function Curve({ points, buckets }: { points: readonly CurvePoint[]; buckets: number }) {
  const near = points.filter(({ distance }) => Math.abs(distance) <= CURVE.reach);
  const reach = Math.max(1, ...near.map(({ distance }) => Math.abs(distance)));
  const values = near.flatMap(({ c2p, p2c }) => [c2p, p2c]);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const x = (distance: number): number => ((distance + reach) / (2 * reach)) * CURVE.width;
  const y = (value: number): number => 6 + ((high - value) / (high - low || 1)) * (CURVE.height - 12);
  const line = (term: "c2p" | "p2c"): string =>
    near.map((point) => `${x(point.distance).toFixed(1)},${y(point[term]).toFixed(1)}`).join(" ");
  // Up to half the buckets each distance has a step of its own; beyond, many share one.
  const exact = buckets > 0 ? Math.min(reach, buckets / 2) : reach;
  const top = near.reduce((a, b) => (b.c2p + b.p2c > a.c2p + a.p2c ? b : a));
  const words = `Both relative terms are largest ${placeOf(top.distance)}.`;
  return (
    <figure class="curve">
      <ul class="legend">
        <li>
          <span class="swatch c2p" /> asks for a distance
        </li>
        <li>
          <span class="swatch p2c" /> answers to a distance
        </li>
      </ul>
      <svg viewBox={`0 0 ${CURVE.width} ${CURVE.height}`} role="img" aria-label={words} preserveAspectRatio="none">
        <rect class="band" x={0} y={0} width={x(-exact)} height={CURVE.height} />
        <rect class="band" x={x(exact)} y={0} width={CURVE.width - x(exact)} height={CURVE.height} />
        <path class="zero-line" d={`M0 ${y(0)}H${CURVE.width}M${x(0)} 0V${CURVE.height}`} />
        <polyline class="line c2p" points={line("c2p")} />
        <polyline class="line dashed p2c" points={line("p2c")} />
      </svg>
      <p class="scale quiet">
        <span>{reach} before</span>
        <span>itself</span>
        <span>{reach} after</span>
      </p>
      <figcaption class="quiet">Where the other token stands. Grey: distances that share a bucket.</figcaption>
    </figure>
  );
}

const placeOf = (distance: number): string =>
  distance === 0 ? "at the token itself" : `${Math.abs(distance)} tokens ${distance < 0 ? "before" : "after"}`;

/** @param changes [attentions][N] */
export function Changes({
  changes,
  names,
  token,
  word,
}: {
  changes: readonly (readonly number[])[];
  names: readonly string[];
  token: number;
  word: string;
}) {
  const most = Math.max(...changes.flat()) || 1;
  return (
    <table class="changes" aria-label="Change per layer">
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">Change</th>
          <th scope="col">{word}</th>
          <th scope="col">Median</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((layer, index) => (
          <tr key={index}>
            <th scope="row">{names[index]}</th>
            <td class="pair">
              <span class="bar" style={{ "--score": String(layer[token]! / most) }} />
              <span class="bar grey" style={{ "--score": String(median(layer) / most) }} />
            </td>
            <td class="number">{layer[token]!.toFixed(2)}</td>
            <td class="number quiet">{median(layer).toFixed(2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
