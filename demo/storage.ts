// The page's own small memory. Where a browser blocks it, everything works, and nothing is remembered.

export function remembered(kind: "local" | "session", key: string): string | undefined {
  try {
    return storageOf(kind).getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(kind: "local" | "session", key: string, value: string | undefined): void {
  try {
    if (value === undefined) storageOf(kind).removeItem(key);
    else storageOf(kind).setItem(key, value);
  } catch {
    // Blocked or full: see above.
  }
}

/** Even looking at the property throws where cookies are blocked. */
const storageOf = (kind: "local" | "session"): Storage => (kind === "local" ? localStorage : sessionStorage);
