// "The code for this screen": what to write to get the same answer, with the settings chosen right now.
import { useState } from "preact/hooks";
import { Check, ChevronDown, Copy } from "./icons.js";

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

const SHOWN_FOR = 2000; // ms

/** Copies, then says so for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_FOR);
  };
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      {copied ? <Check /> : <Copy />} {copied ? "Copied" : label}
    </button>
  );
}
