import { execFileSync } from "node:child_process";

/** The program beside the server that the tests speak to, for what is done at the command line. */
function readProgram(): {
  path: string;
  options: { env: NodeJS.ProcessEnv };
} {
  const path = process.env["TENANTRY_TEST_PROGRAM"];
  if (path === undefined)
    throw new Error(
      "TENANTRY_TEST_PROGRAM names no program; run the tests by scripts/browser-tests",
    );
  const port = process.env["TENANTRY_TEST_PORT"] ?? "8000";
  return {
    path,
    options: { env: { ...process.env, TENANTRY_LISTEN: `127.0.0.1:${port}` } },
  };
}

/** Runs a command beside the server, and gives what it says. */
export function runProgram(...words: string[]): string {
  const { path, options } = readProgram();
  return execFileSync(path, words, options).toString();
}

/** Makes an operator at the command line, as one does beside a server that runs, and gives the link. */
export function inviteOperator(email: string, role: "admin" | "viewer"): string {
  return runProgram("operator", "create", email, "--role", role).split("\n")[0] ?? "";
}
