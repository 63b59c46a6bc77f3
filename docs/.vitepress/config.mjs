// The documentation's site: `npm run docs`. Guides stand in the order below; any other page of docs/ follows them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";

const DOCS = join(import.meta.dirname, "..");
const GUIDES = [
  "tasks",
  "extraction",
  "models",
  "smaller",
  "sources",
  "caching",
  "workers",
  "react",
  "errors",
  "devices",
  "privacy",
  "looking-inside",
  "node",
  "coming-from-transformers-js",
];

const names = readdirSync(DOCS)
  .filter((file) => file.endsWith(".md") && file !== "index.md")
  .map((file) => file.replace(/\.md$/, ""));
const place = (name) => (GUIDES.includes(name) ? GUIDES.indexOf(name) : GUIDES.length);
const titleOf = (name) => /^# (.+)$/m.exec(readFileSync(join(DOCS, `${name}.md`), "utf8"))?.[1] ?? name;

export default defineConfig({
  title: "deberta-webgpu",
  description: "The DeBERTa-v2 family on WebGPU, in the browser",
  themeConfig: {
    nav: [{ text: "API", link: "/api/" }],
    search: { provider: "local" },
    sidebar: [
      { text: "First page", link: "/" },
      ...names
        .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
        .map((name) => ({ text: titleOf(name), link: `/${name}` })),
      { text: "API", link: "/api/" },
    ],
  },
});
