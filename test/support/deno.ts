// A test runner of a few lines for Deno, where Vitest does not run: tools/deno.mjs bundles an entry that calls `runTests`.

export interface DenoTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Runs the tests one after another, prints what fails and, as the last line, the counts. Ends the process. */
export async function runTests(tests: readonly DenoTest[]): Promise<never> {
  const adapter = await navigator.gpu.requestAdapter();
  const { vendor, architecture, description, device } = adapter?.info ?? {};
  console.log(`${[vendor, architecture, device, description].filter(Boolean).join(" ") || "no adapter"}, by wgpu`);
  let failed = 0;
  for (const { name, run } of tests) {
    try {
      await run();
    } catch (error) {
      failed++;
      console.log(
        `× ${name}\n    ${error instanceof Error ? error.message.replaceAll("\n", "\n    ") : String(error)}`,
      );
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}
