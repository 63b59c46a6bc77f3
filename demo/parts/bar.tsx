// A score as a bar beside its number.
import { percent } from "../format.js";

export const Bar = ({ score }: { score: number }) => (
  <>
    <span class="bar" style={{ "--score": String(score) }} />
    <span class="number">{percent(score)}</span>
  </>
);
