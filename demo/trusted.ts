// The pages demand trusted types: only the playground's own two scripts may become workers.
import threadUrl from "./engine-thread.ts?worker&url";

interface Policy {
  createScriptURL(input: string): unknown;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(input: string): string }): Policy;
}

const ADDRESSES = { engine: threadUrl, sw: "./sw.js" } as const;

let policy: Policy | undefined;

/** The address of a script of ours, as the browser wants it. */
export function trusted(script: keyof typeof ADDRESSES): string {
  const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };
  policy ??= trustedTypes?.createPolicy("playground", {
    createScriptURL: (name) => ADDRESSES[name as keyof typeof ADDRESSES],
  });
  return (policy?.createScriptURL(script) as string | undefined) ?? ADDRESSES[script];
}

export const engineAddress: string = threadUrl;
