// sentencepiece-js as our build serves it (tools/sentencepiece-plugin.ts): the published package has no types.
declare module "sentencepiece-js" {
  export class SentencePieceProcessor {
    /** Makes a WebAssembly instance of its own and loads a model into it. The result of loading is in `processor.status()`. */
    load(model: Uint8Array): Promise<void>;
    encodePieces(text: string): string[];
    readonly processor: { status(): { ToString(): string; delete(): void } };
  }
}
