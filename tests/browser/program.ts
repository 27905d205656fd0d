import { execFileSync } from "node:child_process";

/** The program beside the server that the tests speak to, for what is done at the command line. */
export function readProgram(): {
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

/** Makes an operator at the command line, as one does beside a server that runs, and gives the link. */
export function inviteOperator(email: string, role: "admin" | "viewer"): string {
  const { path, options } = readProgram();
  const output = execFileSync(
    path,
    ["operator", "create", email, "--role", role],
    options,
  ).toString();
  return output.split("\n")[0] ?? "";
}
