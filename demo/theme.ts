// Light or dark: the system's choice until the visitor makes one, which this browser then remembers.
import { useEffect, useState } from "preact/hooks";
import { remember, remembered } from "./storage.js";

type Theme = "light" | "dark";

const KEY = "theme";
const systemTheme = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

/** Before anything is drawn. */
export function applyStoredTheme(): void {
  const stored = remembered("local", KEY);
  if (stored === "light" || stored === "dark") document.documentElement.dataset["theme"] = stored;
}

export function useTheme(): { readonly theme: Theme; readonly toggle: () => void } {
  const chosen = (): Theme => (document.documentElement.dataset["theme"] as Theme | undefined) ?? systemTheme();
  const [theme, setTheme] = useState(chosen);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const follow = (): void => setTheme(chosen());
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  const toggle = (): void => {
    const next = theme === "dark" ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    remember("local", KEY, next);
    setTheme(next);
  };
  return { theme, toggle };
}
