// Which model a screen uses: one of the bundled folders, a repository on Hugging Face, any address, or files; how each is
// named, given to the package, and written into a link.
import type { Source } from "deberta-webgpu";

export interface BundledModel {
  readonly id: string;
  readonly screen: string;
  readonly title: string;
  readonly about: string;
  readonly size: string;
  readonly quality: string;
  /** A best score below this is shown as "unsure". */
  readonly unsureBelow: number;
  readonly examples: readonly Example[];
}

export interface Example {
  readonly name: string;
  readonly text: string;
}

/** The first one of a screen is loaded at once. */
export const BUNDLED: readonly BundledModel[] = [
  {
    id: "tiny-intent",
    screen: "classify",
    title: "Intent",
    about: "What somebody wants from an assistant: 150 intents and out_of_scope.",
    size: "7.4 MB, f16",
    quality: "93.6 % right on clinc150's test texts in scope; it recognises only 19 % of those out of scope.",
    unsureBelow: 0.4,
    examples: [
      { name: "Alarm", text: "wake me up at half past six tomorrow" },
      { name: "Lost card", text: "i lost my credit card, please block it" },
      { name: "Calories", text: "how many calories are in a banana" },
      { name: "Travel", text: "is it safe to travel to brazil" },
      { name: "None of these", text: "the cat sat on the mat" },
    ],
  },
  {
    id: "tiny-mood",
    screen: "classify",
    title: "Mood",
    about: "Whether a comment sounds negative, neutral or positive.",
    size: "7.4 MB, f16",
    quality: "72.9 % right on goemotions' test texts.",
    unsureBelow: 0.5,
    examples: [
      { name: "Praise", text: "I love this movie, the ending is great!" },
      { name: "Complaint", text: "This is the worst service I have ever had." },
      { name: "Fact", text: "The meeting is on Tuesday." },
    ],
  },
];

/** The files of each bundled folder. */
export const BUNDLED_FILES: readonly string[] = [
  "config.json",
  "model.safetensors",
  "spm.model",
  "tokenizer_config.json",
];

const OTHER_EXAMPLES: readonly Example[] = [
  { name: "Praise", text: "I love this movie, the ending is great!" },
  { name: "Support mail", text: "My card was charged twice on 12 March. Please call me back about the refund." },
  { name: "News", text: "Parliament voted on the new budget after three days of debate." },
];

export type Choice =
  | { readonly kind: "bundled"; readonly model: BundledModel }
  | { readonly kind: "hub"; readonly id: string; readonly revision?: string; readonly token?: string }
  | { readonly kind: "address"; readonly url: string }
  | { readonly kind: "files"; readonly files: readonly File[] };

export const firstChoice = (screen: string): Choice => ({
  kind: "bundled",
  model: BUNDLED.find((model) => model.screen === screen)!,
});

export const examplesOf = (choice: Choice): readonly Example[] =>
  choice.kind === "bundled" ? choice.model.examples : OTHER_EXAMPLES;

export function nameOf(choice: Choice): string {
  if (choice.kind === "bundled") return choice.model.id;
  if (choice.kind === "hub") return choice.id;
  if (choice.kind === "address") return choice.url.split("/").filter(Boolean).at(-1) ?? choice.url;
  return choice.files[0]?.webkitRelativePath.split("/")[0] || "your files";
}

export function sourceOf(choice: Choice): Source {
  if (choice.kind === "bundled") return `./models/${choice.model.id}/`;
  if (choice.kind === "hub") return choice.id;
  return choice.kind === "address" ? choice.url : choice.files;
}

/** The source as it stands in code that a reader copies. */
export function sourceAsCode(choice: Choice): string {
  if (choice.kind === "files") return "fileInput.files";
  const source = JSON.stringify(sourceOf(choice));
  return choice.kind === "hub" && choice.revision
    ? `${source}, { revision: ${JSON.stringify(choice.revision)} }`
    : source;
}

/** For links: never a token, never dropped files. */
export function choiceToParam(choice: Choice): string | undefined {
  if (choice.kind === "bundled") return choice.model.id;
  if (choice.kind === "hub") return `hub:${choice.id}${choice.revision ? `@${choice.revision}` : ""}`;
  return choice.kind === "address" ? `url:${choice.url}` : undefined;
}

export function choiceFromParam(param: string | null): Choice | undefined {
  if (param === null) return undefined;
  const [, kind, rest] = /^(hub|url):(.+)$/.exec(param) ?? [];
  if (kind === "url") return { kind: "address", url: rest! };
  if (kind === "hub") return hubChoice(...(rest!.split("@") as [string, string?]));
  const model = BUNDLED.find(({ id }) => id === param);
  return model && { kind: "bundled", model };
}

export function hubChoice(id: string, revision?: string, token?: string): Choice {
  return { kind: "hub", id: id.trim(), ...(revision ? { revision } : {}), ...(token ? { token } : {}) };
}

/** What a person typed as an address, as a base URL: with a scheme or a leading dot or slash, and a slash at its end. */
export function addressChoice(typed: string): Choice {
  const trimmed = typed.trim();
  const rooted = /^(https?:\/\/|\.{0,2}\/)/.test(trimmed) ? trimmed : `https://${trimmed}`;
  return { kind: "address", url: rooted.endsWith("/") ? rooted : `${rooted}/` };
}

/** Whether fetching it takes the page's looser policy: it lies on another server. */
export const isElsewhere = (choice: Choice): boolean =>
  choice.kind === "hub" || (choice.kind === "address" && new URL(choice.url, location.href).origin !== location.origin);
