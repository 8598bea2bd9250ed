// Usage: node build.mjs FROM TO. Bundles each page with the node_modules beside this file, so that it needs no network.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";
import { compile, compileModule } from "svelte/compiler";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const [from, to] = process.argv.slice(2);
// These build elements as React did before 19.
const REACT_18 = ["react-code-input.tsx", "react-pin-input.tsx"];
const SHARED = ["app.ts", "react.tsx", "vue.ts", "angular.ts", "svelte.ts"];
const pages = (await readdir(from)).filter((name) => /\.tsx?$/.test(name) && !SHARED.includes(name));

const svelte = {
  name: "svelte",
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, async ({ path: filename }) => {
      const options = { filename, generate: "client", css: "injected" };
      const { js } = compile(await readFile(filename, "utf8"), options);
      return { contents: js.code, loader: "js", resolveDir: path.dirname(filename) };
    });
    build.onLoad({ filter: /\.svelte\.js$/ }, async ({ path: filename }) => {
      const { js } = compileModule(await readFile(filename, "utf8"), { filename, generate: "client" });
      return { contents: js.code, loader: "js", resolveDir: path.dirname(filename) };
    });
  },
};

const common = {
  outdir: to,
  nodePaths: [path.join(HERE, "node_modules")],
  plugins: [svelte],
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  conditions: ["svelte", "browser"],
  define: {
    "process.env": "{}",
    "process.env.NODE_ENV": '"production"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  loader: { ".svg": "dataurl", ".png": "dataurl", ".webp": "dataurl", ".woff": "empty", ".woff2": "empty", ".ttf": "empty", ".eot": "empty" },
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
  logLevel: "warning",
};
const build = (names, more) => esbuild.build({ ...common, ...more, entryPoints: names.map((name) => path.join(from, name)) });

await build(pages.filter((name) => !REACT_18.includes(name)));
await build(REACT_18, { alias: { react: "react-18", "react-dom": "react-dom-18" } });
