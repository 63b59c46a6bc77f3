// "The code for this screen": what to write to get the same answer, with the settings chosen right now.
import { CopyButton } from "./copy-button.js";
import { ChevronDown } from "./icons.js";

export function CodeCard({ code }: { code: string }) {
  return (
    <details class="card code">
      <summary>
        <ChevronDown /> The code for this screen
      </summary>
      <div class="code-body">
        <pre tabIndex={0} role="region" aria-label="Code">
          <code>{code}</code>
        </pre>
        <CopyButton text={code} label="Copy code" />
      </div>
    </details>
  );
}
