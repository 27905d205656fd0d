import { type Problem, ProblemError } from "../api/problem.ts";

/** What the server sends as the options of a passkey: WebAuthn's own object, its binary parts in base64url. */
type Json = Record<string, unknown>;

/** Whether this browser can do passkeys at all, and on this address. */
export function knowsPasskeys(): boolean {
  return typeof window.PublicKeyCredential === "function" && window.isSecureContext;
}

/** Has the browser make a passkey. Returns the credential as the server takes it. */
export async function registration(options: unknown): Promise<Json> {
  const publicKey = creationOptions(options);
  return credentialJson(await ask(() => navigator.credentials.create({ publicKey })));
}

/** Has the person prove a passkey. Returns the proof as the server takes it. */
export async function assertion(options: unknown): Promise<Json> {
  const publicKey = requestOptions(options);
  return credentialJson(await ask(() => navigator.credentials.get({ publicKey })));
}

/** What `navigator.credentials.create` takes, of the server's options. */
export function creationOptions(options: unknown): PublicKeyCredentialCreationOptions {
  const given = inner(options);
  const user = given["user"] as Json;
  return {
    ...given,
    challenge: bytes(given["challenge"]),
    user: { ...user, id: bytes(user["id"]) },
    excludeCredentials: descriptors(given["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
}

/** What `navigator.credentials.get` takes, of the server's options. */
export function requestOptions(options: unknown): PublicKeyCredentialRequestOptions {
  const given = inner(options);
  return {
    ...given,
    challenge: bytes(given["challenge"]),
    allowCredentials: descriptors(given["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
}

/** A credential with its binary parts in base64url. */
export function credentialJson(credential: PublicKeyCredential): Json {
  const { response } = credential;
  const parts: Json = { clientDataJSON: text(response.clientDataJSON) };
  if ("attestationObject" in response) {
    const made = response as AuthenticatorAttestationResponse;
    parts["attestationObject"] = text(made.attestationObject);
    parts["transports"] = made.getTransports();
  } else {
    const proved = response as AuthenticatorAssertionResponse;
    parts["authenticatorData"] = text(proved.authenticatorData);
    parts["signature"] = text(proved.signature);
    parts["userHandle"] = proved.userHandle === null ? null : text(proved.userHandle);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: parts,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await question();
    if (credential !== null) return credential as PublicKeyCredential;
  } catch (error) {
    throw new ProblemError(problem(error instanceof DOMException ? error.name : ""));
  }
  throw new ProblemError(problem(""));
}

function problem(name: string): Problem {
  return { code: "BAD_USER_INPUT", message: reasons[name] ?? cancelled, field: null, requestId: null };
}

const cancelled = "No passkey was used. Try again, or choose another way.";

/** The browser says little on purpose; these are the cases that a person can do something about. */
const reasons: Readonly<Record<string, string>> = {
  InvalidStateError: "This device has a passkey of your account already.",
  NotSupportedError: "This device cannot make a passkey that fits.",
  SecurityError: "Passkeys do not work at this address.",
};

/** The server's library wraps the options in `publicKey`, as the browser's function takes them. */
function inner(options: unknown): Json {
  const given = options as Json;
  return (given["publicKey"] ?? given) as Json;
}

function descriptors(list: unknown): unknown {
  if (!Array.isArray(list)) return [];
  return (list as Json[]).map((descriptor) => ({ ...descriptor, id: bytes(descriptor["id"]) }));
}

/** The bytes of a base64url text. */
export function bytes(encoded: unknown): Uint8Array<ArrayBuffer> {
  const plain = String(encoded).replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
}

/** The base64url text of bytes. */
export function text(content: ArrayBuffer): string {
  const letters = Array.from(new Uint8Array(content), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
