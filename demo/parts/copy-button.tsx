// Copies a text, then says so for a moment; or that the browser refused.
import { useState } from "preact/hooks";
import { Check, Copy } from "./icons.js";

const SHOWN_FOR = 2000; // ms

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no secure page
  }
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, say] = useState<string>();
  const copy = async (): Promise<void> => {
    say((await copyText(text)) ? "Copied" : "The browser refused");
    setTimeout(() => say(undefined), SHOWN_FOR);
  };
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      {said === "Copied" ? <Check /> : <Copy />} {said ?? label}
    </button>
  );
}
