// What a machine can see in the browser's modules and their tests.
import js from "@eslint/js";
import globals from "globals";

const rules = {
  eqeqeq: "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-implicit-globals": "error",
  "no-console": "error",
  "no-eval": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
};

export default [
  js.configs.recommended,
  { files: ["static/**/*.js"], languageOptions: { globals: { ...globals.browser, htmx: "readonly" } }, rules },
  { files: ["tests/js/**/*.js"], languageOptions: { globals: { ...globals.node, ...globals.browser } }, rules },
];
