// Which screens a checkpoint's head serves, told by its config before or beside what the engine says: a model that classifies
// loads as a tagger too, and its answers mean nothing.
import type { Choice } from "./models.js";

interface Head {
  /** "This model …" */
  readonly does: string;
  /** The first one is offered. */
  readonly screens: readonly string[];
}

const HEADS: Readonly<Record<string, Head>> = {
  ForSequenceClassification: { does: "classifies texts", screens: ["classify", "zero-shot", "rank"] },
  ForTokenClassification: { does: "marks words", screens: ["redact"] },
  ForQuestionAnswering: { does: "answers questions about a text", screens: ["ask"] },
  ForMaskedLM: { does: "fills blanks", screens: ["fill"] },
  ForMultipleChoice: { does: "chooses among texts", screens: ["choose"] },
};
/** Screens that read any encoder's states. */
const ANY = ["rank", "compare", "inspect", "speed", "storage", "extract"];

/** What the head of this choice is for, where the screen is not for it. */
export async function wrongHead(choice: Choice, screen: string, signal: AbortSignal): Promise<Head | undefined> {
  if (ANY.includes(screen)) return undefined;
  const config = (await configOf(choice, signal)) as { architectures?: readonly unknown[] };
  const head = HEADS[String(config.architectures?.[0]).replace(/^.*?(?=For)/, "")];
  return head && !head.screens.includes(screen) ? head : undefined;
}

async function configOf(choice: Choice, signal: AbortSignal): Promise<unknown> {
  if (choice.kind === "files") {
    const file = choice.files.find(({ name }) => name === "config.json");
    return JSON.parse((await file?.text()) ?? "{}");
  }
  if (choice.kind === "bundled") return {};
  const token = choice.kind === "hub" ? choice.token : undefined;
  const folder =
    choice.kind === "hub" ? `https://huggingface.co/${choice.id}/resolve/${choice.revision ?? "main"}/` : choice.url;
  const answer = await fetch(new URL("config.json", new URL(folder, location.href)), {
    signal,
    ...(token ? { headers: { Authorization: `Bearer ${token}` } } : {}),
  });
  return answer.ok ? answer.json() : {};
}
