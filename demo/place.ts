// Where the visitor is, behind the # of the address: screen, model, text and options. Nothing behind # is ever sent to a
// server, so a link can hold the text.
import { remember, remembered } from "./storage.js";
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
  return { screen, choice: choiceFromParam(model), text, options };
}

/** Texts that are too long for a link are left out, here and among the options. */
export function writePlace({ screen, choice, text, options }: Place): string {
  const model = choice && choiceToParam(choice);
  const all = { ...options, ...(model ? { model } : {}), ...(text === undefined ? {} : { text }) };
  const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value.length <= LONGEST_TEXT));
  return `#${screen}${query.size > 0 ? `?${query.toString()}` : ""}`;
}

const CONFIRMED = "fetch confirmed";

/**
 * Moves to the page whose policy allows fetching models from elsewhere, with all that is on the screen. The visitor has
 * just asked for this model, so that page need not ask again.
 */
export function moveToHubPage(place: Place): void {
  remember("session", CONFIRMED, place.choice && choiceToParam(place.choice));
  location.href = new URL(`hub.html${writePlace(place)}`, location.href).href;
}

export const isHubPage = (): boolean => /\/hub(\.html)?$/.test(location.pathname); // some hosts drop the ending

/** Whether the visitor asked for this model on the page he came from; true once. */
export function wasConfirmed(choice: Choice): boolean {
  const confirmed = remembered("session", CONFIRMED);
  remember("session", CONFIRMED, undefined);
  return confirmed !== undefined && confirmed === choiceToParam(choice);
}
