import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { assertion, bytes, credentialJson, registration, requestOptions, text } from "./passkey.ts";

const buffer = (...content: number[]) => Uint8Array.from(content).buffer;

test.each([
  ["", []],
  ["-_8", [0xfb, 0xff]],
  ["AQID", [1, 2, 3]],
])("%j is %j in base64url, there and back", (encoded, content) => {
  expect(Array.from(bytes(encoded))).toEqual(content);
  expect(text(Uint8Array.from(content).buffer)).toBe(encoded);
});

test("options are taken with and without the wrapping", () => {
  const inner = { challenge: "AQID", rpId: "localhost", allowCredentials: [{ type: "public-key", id: "_w" }] };
  for (const options of [inner, { publicKey: inner, mediation: "conditional" }]) {
    const found = requestOptions(options);
    expect(found.rpId).toBe("localhost");
    expect(Array.from(found.challenge as Uint8Array)).toEqual([1, 2, 3]);
    expect(Array.from(found.allowCredentials?.[0]?.id as Uint8Array)).toEqual([255]);
  }
});

describe("in a browser", () => {
  const create = vi.fn();
  const get = vi.fn();

  beforeEach(() => {
    create.mockReset();
    get.mockReset();
    vi.stubGlobal("navigator", { credentials: { create, get } });
  });
  afterEach(() => vi.unstubAllGlobals());

  test("a new passkey goes to the server with its binary parts as text", async () => {
    create.mockResolvedValue({
      id: "_w",
      rawId: buffer(255),
      type: "public-key",
      response: { clientDataJSON: buffer(1), attestationObject: buffer(2), getTransports: () => ["internal"] },
      getClientExtensionResults: () => ({ credProps: { rk: true } }),
    });
    const options = {
      publicKey: { challenge: "AQID", user: { id: "BA", name: "hr@acme.test" }, rp: { id: "localhost" } },
    };
    expect(await registration(options)).toEqual({
      id: "_w",
      rawId: "_w",
      type: "public-key",
      response: { clientDataJSON: "AQ", attestationObject: "Ag", transports: ["internal"] },
      clientExtensionResults: { credProps: { rk: true } },
    });
    const given = (create.mock.calls[0] as [{ publicKey: PublicKeyCredentialCreationOptions }])[0].publicKey;
    expect(Array.from(given.user.id as Uint8Array)).toEqual([4]);
    expect(given.excludeCredentials).toEqual([]);
  });

  test("a proof goes to the server with its signature", () => {
    const credential = {
      id: "_w",
      rawId: buffer(255),
      type: "public-key",
      response: { clientDataJSON: buffer(1), authenticatorData: buffer(2), signature: buffer(3), userHandle: null },
      getClientExtensionResults: () => ({}),
    };
    expect(credentialJson(credential as unknown as PublicKeyCredential)).toMatchObject({
      response: { clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw", userHandle: null },
    });
  });

  test.each([
    ["NotAllowedError", "No passkey was used. Try again, or choose another way."],
    ["InvalidStateError", "This device has a passkey of your account already."],
  ])("%s is told in a sentence", async (name, sentence) => {
    get.mockRejectedValue(new DOMException("The operation either timed out or was not allowed.", name));
    await expect(assertion({ challenge: "AQID" })).rejects.toThrow(sentence);
  });
});
