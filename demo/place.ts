// Where the visitor is, behind the # of the address: screen, model, text and options. Nothing behind # is ever sent to a
// server, so a link can hold the text.
import { choiceFromParam, choiceToParam, type Choice } from "./models.js";

export interface Place {
  readonly screen: string;
  readonly choice?: Choice | undefined;
  readonly text?: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

const LONGEST_TEXT = 2000;

export function readPlace(hash: string): Place {
  const [screen = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const { model, text, ...options } = Object.fromEntries(new URLSearchParams(query)) as Record<string, string>;
  return { screen, choice: choiceFromParam(model ?? null), text, options };
}

export function writePlace({ screen, choice, text, options }: Place): string {
  const query = new URLSearchParams(options);
  const model = choice && choiceToParam(choice);
  if (model) query.set("model", model);
  if (text !== undefined && text.length <= LONGEST_TEXT) query.set("text", text);
  return `#${screen}?${query.toString()}`;
}

const CONFIRMED = "fetch confirmed";

/**
 * Moves to the page whose policy allows fetching models from elsewhere, with all that is on the screen. The visitor has
 * just asked for this model, so that page need not ask again.
 */
export function moveToHubPage(place: Place): void {
  sessionStorage.setItem(CONFIRMED, (place.choice && choiceToParam(place.choice)) ?? "");
  location.href = new URL(`hub.html${writePlace(place)}`, location.href).href;
}

export const isHubPage = (): boolean => location.pathname.endsWith("/hub.html");

/** Whether the visitor asked for this model on the page he came from; true once. */
export function wasConfirmed(choice: Choice): boolean {
  const confirmed = sessionStorage.getItem(CONFIRMED);
  sessionStorage.removeItem(CONFIRMED);
  return confirmed !== null && confirmed === choiceToParam(choice);
}
